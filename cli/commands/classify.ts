import { createReadStream } from 'node:fs';

import { lineSplitter } from '../../adapters/packer/line-splitter.ts';
import { asUtf8 } from '../../adapters/local/text-encoding.ts';
import { findConfigFile, readConfigFile } from '../../adapters/local/config-file.ts';
import { classifyPackerRun } from '../../core/classification/classify.ts';
import { type RuleRow } from '../../core/classification/rules-row.ts';
import { rowsOf } from '../../core/classification/users-rows.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { packerRunReader } from '../../core/packer-log/packer-run-reader.ts';
import { createFileScrub } from '../../core/scrub/file-scrub.ts';
import { type SecretValue, createRedactor } from '../../core/scrub/redactor.ts';
import { lineScrub } from '../../core/scrub/scrub-lines.ts';
import { systemRandomness } from '../../adapters/local/system.ts';
import { type Answer, verdictText } from '../answer.ts';
import { type Host, secretsOf } from '../host.ts';

/**
 * `classify [file]`: the verdict on a packer log, from a file or standard input; the verdict's lines are scrubbed. The rules of
 * the nearest `hybridcore.yaml` are asked too, where there is one.
 */
export async function classify(
  host: Host,
  file: string,
  options: { packerExitCode: number | null; attempt: 1 | 2 },
): Promise<Outcome<Answer>> {
  const nearest = await nearestConfig(host);
  if (!nearest.ok) return nearest;
  host.outgoing.learn(nearest.value.secrets);
  const reader = packerRunReader();
  const key = systemRandomness.bytes(32);
  const scrubbed = lineScrub(createFileScrub('packer.log', createRedactor({ values: nearest.value.secrets, key }), key));
  let lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line), 'shortened');
  const take = (some: readonly string[]) => {
    for (const line of some) reader.line(line);
    lines = [];
  };
  try {
    for await (const chunk of asUtf8(file === '-' ? process.stdin : createReadStream(file))) {
      splitter.push(chunk);
      take(scrubbed.push(lines));
    }
  } catch (cause) {
    return failure(
      'USAGE',
      `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      'name a packer log, or - for standard input',
    );
  }
  splitter.end();
  take(scrubbed.push(lines));
  take(scrubbed.rest());
  const verdict = classifyPackerRun(reader.end(), {
    packerExitCode: options.packerExitCode,
    signal: null,
    attempt: options.attempt,
    recorded: [],
    rules: nearest.value.rules,
  });
  return success({ exitCode: verdict.exit_code, document: verdict, text: verdictText(host.terminal.out, verdict) });
}

/** What the nearest `hybridcore.yaml` says of rules and secrets; nothing where there is none. */
async function nearestConfig(
  host: Host,
): Promise<Outcome<{ readonly rules: readonly RuleRow[]; readonly secrets: readonly SecretValue[] }>> {
  const file = findConfigFile(host.workingFolder, undefined);
  if (!file.ok) return success({ rules: [], secrets: [] });
  const read = readConfigFile(file.value);
  return read.ok ? success({ rules: rowsOf(read.value.config.rules), secrets: secretsOf(host, read.value.config) }) : read;
}
