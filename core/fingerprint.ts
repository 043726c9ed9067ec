import { createHash } from 'node:crypto';

import { type Digest, digestOfJson, toDigest } from './digest.ts';
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
  return fingerprintOfSorted(sortInputs(inputs));
}

/** The same, of inputs that come in the order of `sortInputs`. */
export function fingerprintOfSorted(sorted: Iterable<Input>): Digest {
  const hash = createHash('sha256').update(`${fingerprintHeader}\n`);
  // So much at once that a hundred thousand lines are never one text.
  const some = 32 * 1024;
  let text = '';
  for (const input of sorted) {
    text += lineOf(input);
    if (text.length < some) continue;
    hash.update(text);
    text = '';
  }
  return toDigest(hash.update(text).digest('hex'));
}

/** The inputs in the order in which the fingerprint takes them. */
export function sortInputs<T extends Input>(inputs: readonly T[]): T[] {
  const order = orderOf(inputs);
  // No kind begins as another does, and NUL is before any character of a name: lines compare as these do, one after another.
  return inputs.toSorted((a, b) => order(a.kind, b.kind) || order(a.name, b.name) || order(lineOf(a), lineOf(b)));
}

/** Names in the order in which the fingerprint takes inputs of one kind. */
export function sortNames(names: readonly string[]): string[] {
  return hasSurrogate(names.join('\n')) ? names.toSorted(inBytes) : names.toSorted();
}

/** The name itself where it can be an input's: not empty, no NUL, no line feed, and writable as UTF-8. Else INPUT_NAME. */
export function checkInputName(name: string): Outcome<string> {
  // Nearly every name is plain, and there may be a hundred thousand: only the others are held against the schema.
  if (isPlainText(name) || InputName.safeParse(name).success) return success(name);
  return failure(
    'INPUT_NAME',
    `the name ${JSON.stringify(name)} cannot be written into a manifest: a name is not empty, has no NUL and no line feed, and is UTF-8`,
    'rename it, or leave it out of the inputs',
  );
}

/** Whether a text has nothing but what every name may have: printable ASCII. Several names can be asked about at once. */
export function isPlainText(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text);
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

function lineOf(input: Input): string {
  const named = checkInputName(input.name);
  if (!named.ok) throw new TypeError(named.failure.message);
  return `${input.kind}\0${input.name}\0${'mode' in input ? input.mode : ''}\0${input.digest}\n`;
}

/** The order of texts of these inputs as UTF-8 bytes: that of their UTF-16 code units, unless one has a character that takes two of them. */
function orderOf(inputs: readonly Input[]): (a: string, b: string) => number {
  if (inputs.some(({ name }) => hasSurrogate(name))) return inBytes;
  return (a, b) => (a < b ? -1 : a > b ? 1 : 0);
}

function inBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function hasSurrogate(text: string): boolean {
  return /[\uD800-\uDFFF]/.test(text);
}
