import { type Deployment } from './deployment.ts';
import { type Digest } from './digest.ts';
import { fingerprintOf, plainVariableInput } from './fingerprint.ts';
import { type BuilderName } from './identity.ts';

/**
 * The fingerprint that a build of the deployed source has to come to.
 *
 * @param variables what the request sets.
 * @returns null where it cannot be told without the source.
 */
export function deployedFingerprint(
  { sources }: Pick<Deployment, 'sources'>,
  name: BuilderName,
  variables: Readonly<Record<string, string>>,
): Digest | null {
  const source = Object.hasOwn(sources, name) ? (sources[name] ?? null) : null;
  if (source === null) return null;
  if (Object.keys(variables).length === 0) return source.fingerprint;
  if (source.inputs === undefined) return null;
  // A sensitive one counts by where its value comes from, whoever sets it.
  const sensitive = new Set(source.inputs.filter((input) => 'sensitive' in input).map((input) => input.name));
  const plain = Object.entries(variables).filter(([variable]) => !sensitive.has(variable));
  return fingerprintOf([...source.inputs, ...plain.map(([variable, value]) => plainVariableInput(variable, value))]);
}
