import { type ChainProblem, problemSentence } from '../../core/chain-problem.ts';
import { type VerifyDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { type ChainReport, verifyChain } from '../../core/verify.ts';
import { type Answer, paint } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { type Host } from '../host.ts';

/** How many problems of one builder are told a person one by one. */
const mostTold = 100;

/** `verify [builder]`: each sealed manifest and each channel against what was recorded, all problems; exit code 3 where one does not hold. */
export async function verify(host: Host, embedded: Embedded, names: readonly BuilderName[]): Promise<Outcome<Answer>> {
  const reports: ChainReport[] = [];
  for (const name of names) reports.push(await verifyChain(embedded, name));
  const exitCode = reports.every(({ problems }) => problems.length === 0) ? 0 : 3;
  const document: VerifyDocument = { exit_code: exitCode, builders: reports.map((report) => reportDocument(report)) };
  return success({ exitCode, document, text: reports.flatMap((report) => reportLines(host, report)).join('\n') });
}

function reportDocument({ builder, links, newest, begins, channels, problems }: ChainReport): VerifyDocument['builders'][number] {
  return {
    builder,
    holds: problems.length === 0,
    manifests: links.length,
    newest,
    begins,
    channels: channels.map(({ channel, published }) => ({ channel, published })),
    problems: problems.map((problem) => ({ problem: problem.problem, message: problemSentence(problem) })),
  };
}

function reportLines(host: Host, { builder, links, newest, begins, channels, problems }: ChainReport): readonly string[] {
  const { out } = host.terminal;
  if (problems.length === 0 && newest === null) return [`${builder}: no manifest was sealed yet`];
  const count = `${links.length} ${links.length === 1 ? 'manifest' : 'manifests'}`;
  if (problems.length === 0)
    return [
      `${builder}: ${paint(out, 'green', 'holds')}, ${count}${newest === null ? '' : `, the newest ${newest.digest}`}`,
      ...(begins === null ? [] : [`  begins with build ${begins.build_id} (number ${begins.sequence}): older ones have expired`]),
      ...channels.map(({ channel, published }) => `  ${channel} points to build ${published.build_id} (number ${published.sequence})`),
    ];
  return [
    `${builder}: ${paint(out, 'red', 'does not hold')}, ${count} as recorded, ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
    ...problems.slice(0, mostTold).map((problem) => `  ${problem.problem}: ${plainText(problemSentence(problem))}`),
    ...(problems.length > mostTold ? [`  and ${problems.length - mostTold} more: --json tells all`] : []),
    `  ${paint(out, 'cyan', 'next')}: ${nextStep(problems)}`,
  ];
}

function nextStep(problems: readonly ChainProblem[]): string {
  const what = problems.every(({ problem }) => problem === 'pointer')
    ? 'the chain itself holds; keep what stands at the newest-of key as evidence, and put the copy of the newest manifest back'
    : 'find out who changed it, keep what you find as evidence elsewhere, and bring what was sealed back from a backup';
  return `${what}; nothing is published for this builder until it holds`;
}
