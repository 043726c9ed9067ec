import { SealedManifest } from './builder-record.ts';
import { type ChainLink } from './chain-link.ts';
import { type ChainProblem } from './chain-problem.ts';
import { type Channel, namedArtifacts } from './channel.ts';
import { manifestDigest } from './document-text.ts';
import { namesOf } from './names-of.ts';
import { type Objects, type Records } from './ports.ts';
import { readManifest } from './read-manifest.ts';

/*
 * What the records name of a chain besides its end: the newest manifest of each set of request variables, with which skip
 * and drift compare, and what each channel points to.
 */

/** Where the record of some variables that were built with does not name the last of their manifests. */
export async function variantProblems(records: Records, links: readonly ChainLink[]): Promise<readonly ChainProblem[]> {
  const problems: ChainProblem[] = [];
  for (const [id, newest] of new Map(links.map((link) => [link.variant, link]))) {
    const recorded = (await records.readVariant(id))?.newest;
    const why = recorded === undefined ? 'is missing' : otherwise(recorded, newest);
    if (why !== undefined) problems.push({ problem: 'variables', newest: newest.path, why });
  }
  return problems;
}

/** Where the record of a channel does not name a manifest of the chain, and the artifacts of that one. */
export async function channelProblems(
  objects: Objects,
  links: readonly ChainLink[],
  channels: readonly Channel[],
): Promise<readonly ChainProblem[]> {
  const problems: ChainProblem[] = [];
  for (const { channel, published, artifacts } of channels) {
    const link = links.find(({ build_id: id }) => id === published.build_id);
    const why =
      link === undefined
        ? `names ${published.path}, which the chain does not hold`
        : (otherwise(published, link) ?? (await otherArtifacts(objects, link, artifacts)));
    if (why !== undefined) problems.push({ problem: 'channel', channel, why });
  }
  return problems;
}

/** What a record says of a manifest that is not so; undefined where all is. */
function otherwise(recorded: SealedManifest, link: ChainLink): string | undefined {
  if (recorded.path !== link.path) return `names ${recorded.path}`;
  const field = namesOf(SealedManifest.shape).find((each) => recorded[each] !== link[each]);
  return field === undefined ? undefined : `names ${link.path} with the ${field} ${recorded[field]}, and that has ${link[field]}`;
}

async function otherArtifacts(objects: Objects, { path, digest }: ChainLink, artifacts: readonly string[]): Promise<string | undefined> {
  const found = await readManifest(objects, path);
  if (found.state !== 'read' || manifestDigest(found.manifest) !== digest) return `names ${path}, which was changed while it was read`;
  const listed = namedArtifacts(found.manifest);
  return listed.length === artifacts.length && listed.every((id, index) => id === artifacts[index])
    ? undefined
    : `names other artifacts than ${path}`;
}
