import { type Digest, digestOf, digestOfJson } from './digest.ts';
import { type Outcome, failure, success } from './failure.ts';
import { InputName } from './input-name.ts';
import { type Input } from './input.ts';

/** The first line of what the fingerprint is computed over. */
export const fingerprintHeader = 'hybridcore-packer/fingerprint/1';

/**
 * The fingerprint of a set of inputs: SHA-256 over the header line and one line for each input,
 * `kind NUL name NUL mode NUL digest LF` (mode empty where there is none), sorted as UTF-8 bytes. The order of the
 * inputs, their sizes and the values beside the digests do not matter.
 *
 * @throws TypeError for a name that would let two sets of inputs read the same; `checkInputName` finds those first.
 */
export function fingerprintOf(inputs: readonly Input[]): Digest {
  const lines = inputs.map((input) => lineOf(input)).sort((a, b) => Buffer.compare(a, b));
  return digestOf(Buffer.concat([Buffer.from(`${fingerprintHeader}\n`), ...lines]));
}

/** The inputs in the order in which the fingerprint takes them. */
export function sortInputs<T extends Input>(inputs: readonly T[]): T[] {
  return inputs
    .map((input) => ({ input, line: lineOf(input) }))
    .sort((a, b) => Buffer.compare(a.line, b.line))
    .map(({ input }) => input);
}

/** The name itself where it can be an input's: not empty, no NUL, no line feed, and writable as UTF-8. Else INPUT_NAME. */
export function checkInputName(name: string): Outcome<string> {
  if (InputName.safeParse(name).success) return success(name);
  return failure(
    'INPUT_NAME',
    `the name ${JSON.stringify(name)} cannot be written into a manifest: a name is not empty, has no NUL and no line feed, and is UTF-8`,
    'rename it, or leave it out of the inputs',
  );
}

/** A pinned tool, by its declared version. */
export function toolInput(name: string, version: string): Input {
  return { kind: 'tool', name, digest: digestOfJson(version), value: version };
}

/** An option that shapes the image and hides from a sorted list of files, such as the order of variable files. */
export function optionInput(name: string, value: Extract<Input, { kind: 'option' }>['value']): Input {
  return { kind: 'option', name, digest: digestOfJson(value), value };
}

/** A variable that a request set; its value is in the manifest, so anyone can recompute the build. */
export function plainVariableInput(name: string, value: string): Input {
  return { kind: 'variable', name, digest: digestOfJson(value), value, from: 'request' };
}

/** A variable whose value is never written down, nor a digest of it: it counts by where its value comes from. */
export function sensitiveVariableInput(name: string, reference: string): Input {
  return { kind: 'variable', name, digest: digestOfJson(reference), sensitive: true, reference };
}

function lineOf(input: Input): Buffer {
  const named = checkInputName(input.name);
  if (!named.ok) throw new TypeError(named.failure.message);
  return Buffer.from(`${input.kind}\0${input.name}\0${'mode' in input ? input.mode : ''}\0${input.digest}\n`);
}
