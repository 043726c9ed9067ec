import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { environmentSecrets } from '../../adapters/local/environment-secrets.ts';
import { outputFile } from '../../adapters/local/output-file.ts';
import { scrubStream } from '../../adapters/local/scrub-stream.ts';
import { systemRandomness } from '../../adapters/local/system.ts';
import { type ScrubDocument } from '../../core/documents.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { notSearchedTexts } from '../../core/scrub/known-secrets.ts';
import { type SecretValue, createRedactor } from '../../core/scrub/redactor.ts';
import { ruleSetDigest } from '../../core/scrub/redaction-rules.ts';
import { createFileScrub } from '../../core/scrub/file-scrub.ts';
import { type Answer } from '../answer.ts';
import { type Host } from '../host.ts';

export interface ScrubOptions {
  /** Where the scrub manifest goes. */
  readonly manifest?: string;
  /** References to values that must be gone, too: `env:NAME`. */
  readonly secrets: readonly string[];
  /** Whether the document is printed in place of the text. */
  readonly json: boolean;
}

/** `scrub [file]`: the text without its secrets on standard output, in constant memory, and what was done to it. */
export async function scrub(host: Host, file: string, options: ScrubOptions): Promise<Outcome<Answer>> {
  const manifest = options.manifest === undefined ? undefined : await outputFile('--manifest', options.manifest, host.workingFolder);
  if (manifest?.ok === false) return manifest;
  const values: SecretValue[] = [];
  for (const reference of options.secrets) {
    const read = await environmentSecrets(host.environment).read(reference);
    if (!read.ok) return read;
    values.push({ name: reference.slice('env:'.length), value: read.value });
  }
  const key = systemRandomness.bytes(32);
  const redactor = createRedactor({ values, key });
  const one = createFileScrub(file === '-' ? 'standard input' : file, redactor, key);
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    const scrubbed = Readable.from(scrubStream(source, one), { objectMode: true });
    if (options.json) for await (const _ of scrubbed);
    else await pipeline(scrubbed, process.stdout, { end: false });
  } catch (cause) {
    // Whoever reads us may have had enough (`| head`).
    if (cause instanceof Error && 'code' in cause && cause.code === 'EPIPE') return success({ exitCode: 0, document: null, text: '' });
    return failure(
      'USAGE',
      `${file} cannot be scrubbed: ${cause instanceof Error ? cause.message : String(cause)}`,
      'name a text file, or - for standard input',
    );
  }
  const document: ScrubDocument = {
    schema: 'hybridcore-packer/scrub/1',
    rule_set: ruleSetDigest(),
    not_searched: [...redactor.notSearched],
    file: one.end(),
  };
  for (const sentence of notSearchedTexts(redactor.notSearched)) host.terminal.err.write(`${sentence}\n`);
  const written = await manifest?.value.write(`${JSON.stringify(document, null, 2)}\n`);
  if (written?.ok === false) return written;
  return success({ exitCode: 0, document, text: '' });
}
