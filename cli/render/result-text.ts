import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Result } from '../../core/result.ts';
import { verdictText } from '../answer.ts';
import { type Channel } from '../terminal.ts';

/** The result of a build as a person reads it: the verdict, what was made, and where all that it left is. */
export function resultText(channel: Channel, result: Result): string {
  const artifacts = result.artifacts.flatMap((artifact) => [
    `  artifact  ${artifact.id} (${artifact.name})${artifact.files.length === 0 ? '' : `: ${artifact.files.join(', ')}`}`,
  ]);
  const skipped = result.state === 'skipped';
  return [
    verdictText(channel, result),
    `  build     ${result.build_id} ${result.state}, attempt ${result.attempt}`,
    ...artifacts.map((line) => plainText(line)),
    ...(result.manifest_path === null ? [] : [`  manifest  ${result.manifest_path}`]),
    `  summary   ${result.summary_path}`,
    ...(result.attempt === 0 || skipped ? [] : [`  log       hybridcore-packer logs ${result.build_id}`]),
  ].join('\n');
}
