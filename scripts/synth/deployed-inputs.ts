import { imageRepository } from '../../adapters/local/image-repository.ts';
import { findSecrets } from '../../adapters/local/secret-scan.ts';
import { systemClock } from '../../adapters/local/system.ts';
import { refusedSecrets } from '../../core/refused-secrets.ts';
import { type Config } from '../../core/config.ts';
import { type DeployedInputs } from '../../core/deployment.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { BuilderName } from '../../core/identity.ts';

/** The inputs of the builders as they are deployed, and what a person should know of them before. */
export interface DeployedSources {
  readonly sources: Record<string, DeployedInputs | null>;
  readonly warnings: readonly string[];
}

/**
 * Discovers the inputs of every builder whose source is deployed with it.
 *
 * A builder whose inputs cannot be discovered is deployed all the same, with a warning: its attempts end with the cause. A link
 * among the inputs is refused: an asset carries what it leads to, and no attempt would come to the same fingerprint.
 *
 * @param root the repository as it is deployed.
 */
export async function deployedSources(root: string, config: Config): Promise<Outcome<DeployedSources>> {
  const sources: Record<string, DeployedInputs | null> = {};
  const warnings: string[] = [];
  const linked: string[] = [];
  for (const [key, builder] of Object.entries(config.builders)) {
    const name = BuilderName.parse(key);
    sources[name] = null;
    if ((builder.aws?.source?.type ?? 'asset') !== 'asset') continue;
    const discovered = await imageRepository(root).discover(builder, {});
    if (!discovered.ok) {
      warnings.push(`${name}: its inputs are not known (${discovered.failure.message}); every build of it will end so`);
      continue;
    }
    const { inputs, undeclared } = discovered.value;
    linked.push(...inputs.filter((input) => 'mode' in input && input.mode === '120000').map((input) => `${name}: ${input.name}`));
    warnings.push(
      ...undeclared.map(({ reference, template, line }) => `${name}: ${template}:${line}: ${reference} is an undeclared input`),
      ...refusedSecrets(await findSecrets(root, inputs), config.secrets_allowed, systemClock.now()).map(
        ({ file, line, rule }) => `${name}: ${file}:${line} holds a secret in clear (${rule}), which is uploaded with the repository`,
      ),
    );
    // Which files a request's variables lead to is not known before they are set: so no inputs go along that they could vary.
    sources[name] = { fingerprint: fingerprintOf(inputs) };
  }
  if (linked.length === 0) return success({ sources, warnings });
  return failure(
    'CONFIG_INVALID',
    `links among the inputs cannot be deployed as an asset: ${linked.join(', ')}`,
    'put files in their place, or give the builder a Git source (aws.source)',
    linked,
  );
}
