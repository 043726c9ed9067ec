import { type SealedManifest } from './builder-record.ts';
import { brokenChain } from './chain-problem.ts';
import { type Outcome, success } from './failure.ts';
import { manifestDigest } from './document-text.ts';
import { type HashManifest } from './hash-manifest.ts';
import { type BuilderName } from './identity.ts';
import { type ChainPorts } from './manifest-chain.ts';
import { readManifest } from './read-manifest.ts';
import { variantIdOf } from './variant.ts';

/** A manifest, with what the records say of it. */
export interface NewestManifest {
  readonly sealed: SealedManifest;
  readonly manifest: HashManifest;
}

/**
 * The newest manifest that was sealed for a builder with these request variables; null where there is none. The chain
 * before it is not read.
 *
 * @returns CHAIN_BROKEN where what stands at its key is not what was sealed.
 */
export async function newestManifest(
  ports: ChainPorts,
  builder: BuilderName,
  variables: Readonly<Record<string, string>>,
): Promise<Outcome<NewestManifest | null>> {
  const sealed = (await ports.records.readVariant(variantIdOf(builder, variables)))?.newest;
  if (sealed === undefined) return success(null);
  const found = await readManifest(ports.objects, sealed.path);
  if (found.state === 'read' && manifestDigest(found.manifest) === sealed.digest) return success({ sealed, manifest: found.manifest });
  const message =
    found.state === 'absent'
      ? `${sealed.path} is missing, which the build ${sealed.build_id} sealed`
      : found.state === 'unreadable'
        ? `${sealed.path} cannot be read as a hash manifest: ${found.why}`
        : `${sealed.path} was altered: its digest is ${manifestDigest(found.manifest)}, and ${sealed.digest} was recorded when it was sealed`;
  return { ok: false, failure: brokenChain(builder, message, [sealed.path]) };
}
