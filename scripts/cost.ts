import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { metrics } from '../core/contract/metrics.ts';
import { namesOf } from '../core/names-of.ts';
import { states } from '../core/states.ts';
import { lookedUp, prices } from './cost/prices.ts';
import { type Usage, apiRequests, assumed, usageOfApiRequests, usageOfBuild, usageOfIdleMonth, usageOfWholeBuild } from './cost/usage.ts';

const command = 'npm run docs';
const begin = `<!-- Written by \`${command}\` from scripts/cost/: change the numbers there. -->`;
const end = '<!-- The end of what is written so. -->';

/** The part of docs/deploy.md that says what a build and a month cost. */
export function costSection(): string {
  const build = usageOfWholeBuild();
  const month = usageOfIdleMonth();
  return `${begin}

One build of ${assumed.buildMinutes} minutes on \`x86-small\`: **${shortDollars(costOf(build))}**, of which ${shortDollars(
    costOf({ buildMinute: build.buildMinute ?? 0 }),
  )} are CodeBuild's minutes. A month without a build: **${shortDollars(costOf(month))}**. Both before any free tier, and without what packer itself makes in your account: the instance that it builds on, volumes, snapshots, what goes over the network.

### One build

${bill(build)}

Its calls, as a test counts them over the deployed functions and adapters:

${table(
  ['part', 'DynamoDB read units', 'DynamoDB write units', 'S3 reads', 'S3 writes', 'messages sent', 'events'],
  namesOf(usageOfBuild).map((part) => {
    const usage: Usage = usageOfBuild[part];
    return [
      partNames[part],
      ...[usage.readUnit, usage.writeUnit, usage.objectRead, usage.objectWrite, usage.queueRequest, usage.event].map((n) => `${n ?? 0}`),
    ];
  }),
)}

Calls of CodeBuild and EC2 have no price. A retry adds an attempt, two invocations of \`complete\` (for the turn that it waits for, and for its end) and six requests to SQS. A build that needs a person adds a message of SNS and requests of KMS for it. Records grow with what a build says; beyond 1 KB each write of one takes two units more a KB.

### A month without a build

${bill(month)}

### ${apiRequests.toLocaleString('en-US')} requests of the API

For the state of a build, as \`dispatch --wait\` asks for it. An alarm and the log of the API cost what they cost in the month above; a private endpoint is one of VPC, and costs by the hour.

${bill(usageOfApiRequests())}

### What is assumed

Nobody has measured these in an account; put your own into \`scripts/cost/usage.ts\`: ${assumed.dispatchSeconds} s of \`dispatch\`, ${assumed.startSeconds} s and ${assumed.completeSeconds} s of \`complete\` for the start and the end, ${assumed.sweepSeconds} s of each sweep and ${assumed.sweptSeconds} s of \`complete\` with each turn of it, ${assumed.apiSeconds} s of \`api\`, each with the memory that the stack gives it; ${assumed.buildLog} MB of packer's output and ${assumed.sweepLog * 1000} KB in a sweep's log, ${assumed.apiLog * 1000} KB in those of a request; ${assumed.metrics} metrics of our own that every sweep counts (a month with builds of every kind has ${mostMetrics}). What is stored is not counted: a build leaves its scrubbed log and a few small documents in S3, with four tags an object, and some records in DynamoDB, which also bills restoring to any second. No price was found for \`small\`, which is arm64 and the default: put it in for \`buildMinute\`. A VPC needs a way out, and a NAT gateway costs more than all of this.

### Prices

List prices of us-east-1 in dollars, looked up on ${lookedUp}. They were read in the pages named, whose date is in the table where they carry one, since AWS's own pages show prices in a form that was not kept; compare before you rely on them.

${table(
  ['a', 'dollars', 'page', 'of'],
  namesOf(prices).map((name) => {
    const { per, dollars, for: count, source, dated } = prices[name];
    return [per, count === 1 ? plain(dollars) : `${plain(dollars)} for ${count.toLocaleString('en-US')}`, `<${source}>`, dated ?? ''];
  }),
)}

${end}`;
}

/** The document with this section in its place. */
export function withCostSection(document: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/deploy.md has no place for its costs: the lines ${begin} and ${end}`);
  return `${document.slice(0, from)}${costSection()}${document.slice(to + end.length)}`;
}

/** What the functions count, and builds by their final state. */
const mostMetrics = namesOf(metrics).length + namesOf(states).filter((name) => states[name].final).length;

const partNames = {
  dispatch: '`dispatch`, until it has sent a turn',
  start: '`complete`, until the run has its word to go',
  attempt: 'the attempt, which hands over',
  complete: '`complete`, until the build is settled',
  sweepBeside: 'a sweep while it runs, every five minutes, and `complete` with its turn',
  idleSweep: 'a sweep that finds nothing',
} as const satisfies Record<keyof typeof usageOfBuild, string>;

function bill(usage: Usage): string {
  const rows = namesOf(prices).flatMap((name) => {
    const count = usage[name];
    return count === undefined ? [] : [[prices[name].per, plain(count), longDollars(costOf({ [name]: count }))]];
  });
  return table(['what', 'how many', 'dollars'], [...rows, ['**all**', '', `**${longDollars(costOf(usage))}**`]]);
}

/** Dollars. */
export function costOf(usage: Usage): number {
  return namesOf(prices).reduce((sum, name) => sum + ((usage[name] ?? 0) * prices[name].dollars) / prices[name].for, 0);
}

function longDollars(dollars: number): string {
  return dollars.toFixed(6);
}

function shortDollars(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}

/** Without an exponent, and without zeros at the end. */
function plain(count: number): string {
  return count.toFixed(10).replace(/\.?0+$/, '');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (import.meta.main) {
  const file = join(resolve(import.meta.dirname, '..'), 'docs', 'deploy.md');
  const found = await readFile(file, 'utf8');
  const wanted = withCostSection(found);
  if (!process.argv.includes('--check')) {
    await writeFile(file, wanted);
  } else if (found !== wanted) {
    console.error(`docs/deploy.md does not say what scripts/cost/ does\n${command} writes it anew`);
    process.exitCode = 1;
  }
}
