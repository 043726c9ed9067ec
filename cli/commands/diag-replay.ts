import { resolve } from 'node:path';

import { readConfigFile } from '../../adapters/local/config-file.ts';
import { gzip } from '../../adapters/local/gzip.ts';
import { readPlainFile } from '../../adapters/local/plain-file.ts';
import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { type UsersRule } from '../../core/classification/users-rules.ts';
import { bundleLimits } from '../../core/diag/bundle-limits.ts';
import { type DiagReplayDocument } from '../../core/diag/diag-documents.ts';
import { readBundle } from '../../core/diag/read-bundle.ts';
import { type ReplayedAttempt, type RuledVerdict, replay } from '../../core/diag/replay.ts';
import { type RuleChange } from '../../core/diag/rule-change.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Answer, paint } from '../answer.ts';
import { type Host } from '../host.ts';

/**
 * `diag replay <bundle>`: gives the verdicts of a bundle again, offline and from the bundle alone, and says which rule changed
 * where one is another. Exit code 0 where all are the same, 1 where one is not.
 */
export async function diagReplay(host: Host, file: string, options: { readonly rules?: string }): Promise<Outcome<Answer>> {
  const content = await readBundleFile(host, file);
  if (!content.ok) return content;
  const bundle = await readBundle({ compression: gzip, archive: tarArchive }, content.value);
  if (!bundle.ok) return bundle;
  const rules = await rulesOf(host, options.rules);
  if (!rules.ok) return rules;
  const replayed = replay(bundle.value, rules.value);
  if (!replayed.ok) return replayed;
  const { attempts } = replayed.value;
  const exitCode = attempts.every(({ outcome }) => outcome === 'same' || outcome === 'not-judged') ? 0 : 1;
  const { builder, build_id } = bundle.value.index;
  const document: DiagReplayDocument = { exit_code: exitCode, builder, build_id, attempts: attempts.map(replayedDocument) };
  return success({ exitCode, document, text: replayText(host, document) });
}

async function readBundleFile(host: Host, file: string): Promise<Outcome<Uint8Array>> {
  const read = await readPlainFile(resolve(host.workingFolder, file), bundleLimits.packed);
  switch (read.state) {
    case 'read':
      return success(read.content);
    case 'absent':
      return failure('USAGE', `there is no file ${JSON.stringify(file)}`, 'name a bundle that `hybridcore-packer diag BUILD` made');
    case 'not-a-file':
      return failure('USAGE', `${JSON.stringify(file)} is no plain file`, 'name a bundle that `hybridcore-packer diag BUILD` made');
    case 'too-large':
      return failure(
        'BUNDLE_INVALID',
        `${JSON.stringify(file)} has ${read.size} bytes, more than any diag bundle (${bundleLimits.packed})`,
        'name a bundle that `hybridcore-packer diag BUILD` made',
      );
  }
}

/** Undefined where none are named: then those of the bundle are asked. */
async function rulesOf(host: Host, file: string | undefined): Promise<Outcome<readonly UsersRule[] | undefined>> {
  if (file === undefined) return success(undefined);
  const read = readConfigFile(resolve(host.workingFolder, file));
  return read.ok ? success(read.value.config.rules) : read;
}

function replayedDocument({ changed, ...replayed }: ReplayedAttempt): DiagReplayDocument['attempts'][number] {
  return { ...replayed, changed: changed === null ? null : { ...changed, was: ruleDocument(changed.was), is: ruleDocument(changed.is) } };
}

function ruleDocument(rule: RuleChange['was']) {
  return rule === null ? null : { ...rule, turns: [...rule.turns] };
}

function replayText(host: Host, { builder, build_id: id, attempts }: DiagReplayDocument): string {
  const { out } = host.terminal;
  const verdict = (one: RuledVerdict | null) => (one === null ? 'none' : `${one.rule} (exit code ${one.exit_code})`);
  if (attempts.length === 0) return `build ${id} of ${builder} had no attempt: there is no verdict to give again`;
  return attempts
    .flatMap(({ attempt, outcome, was, is, changed, on }) => {
      switch (outcome) {
        case 'same':
          return [`attempt ${attempt}: ${paint(out, 'green', 'the same')}, ${verdict(was)}`, `  on ${on}`];
        case 'differs':
          return [
            `attempt ${attempt}: ${paint(out, 'red', 'another')}: was ${verdict(was)}, is ${verdict(is)}`,
            `  ${plainText(changed?.why ?? '')}`,
            `  on ${on}`,
          ];
        case 'not-judged':
          return [`attempt ${attempt}: ${on}`];
        case 'cannot-be-judged':
          return [`attempt ${attempt}: ${paint(out, 'red', 'cannot be judged')}, was ${verdict(was)}`, `  ${plainText(on)}`];
      }
    })
    .join('\n');
}
