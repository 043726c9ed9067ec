import { type Builder } from '../../core/config.ts';
import { type ChannelName } from '../../core/channel.ts';
import { type PublishDocument } from '../../core/documents.ts';
import { differenceLines } from '../../core/drift.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { fingerprintOf } from '../../core/fingerprint.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type UndeclaredInput } from '../../core/input.ts';
import { plainText, visibleText } from '../../core/packer-log/plain-text.ts';
import { publishDocument } from '../../core/publish-document.ts';
import { type Wanted, planPublish, publish as movePublished } from '../../core/publish.ts';
import { refusedVariables } from '../../core/request-check.ts';
import { type Answer, paint } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { findBuild } from '../find-build.ts';
import { type Host, type Repository } from '../host.ts';
import { repositoryInputs } from '../repository-inputs.ts';
import { undeclaredText } from './inputs.ts';

/** The options of `publish`, as they were typed. */
export interface PublishOptions {
  readonly channel: ChannelName;
  readonly build?: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly check: boolean;
  readonly by: string;
}

interface Named {
  readonly name: BuilderName;
  readonly builder: Builder;
}

/** `publish <builder>`: the gate, and where it lets the build through, the move of the channel; with `check` the gate alone. */
export async function publish(
  host: Host,
  embedded: Embedded,
  repository: Repository,
  named: Named,
  options: PublishOptions,
): Promise<Outcome<Answer>> {
  const seen = await whatIsWanted(embedded, repository, named, options);
  if (!seen.ok) return seen;
  const { wanted, undeclared } = seen.value;
  const request = { builder: named.name, channel: options.channel, wanted, by: options.by };
  const plan = options.check ? await planPublish(embedded, request) : await movePublished(embedded, request);
  if (!plan.ok) return plan;
  const document = publishDocument(named.builder, plan.value, { check: options.check, set: false, undeclared });
  return success({ exitCode: 0, document, text: publishText(host, document) });
}

/** The build that was named, or the newest of what stands in the repository now. */
async function whatIsWanted(
  embedded: Embedded,
  repository: Repository,
  { name, builder }: Named,
  options: PublishOptions,
): Promise<Outcome<{ readonly wanted: Wanted; readonly undeclared: readonly UndeclaredInput[] }>> {
  if (options.build !== undefined) {
    if (Object.keys(options.variables).length > 0)
      return failure('USAGE', '--build names a build, whose variables are known', 'leave out either --var or --build');
    const build = await findBuild(embedded, options.build);
    return build.ok ? success({ wanted: { build: build.value.build_id }, undeclared: [] }) : build;
  }
  const [refused] = refusedVariables(builder, name, options.variables);
  if (refused !== undefined) return { ok: false, failure: refused };
  const discovered = await repositoryInputs(repository).discover(builder, options.variables);
  if (!discovered.ok) return discovered;
  const { inputs, undeclared } = discovered.value;
  return success({ wanted: { build: null, variables: options.variables, fingerprint: fingerprintOf(inputs), inputs }, undeclared });
}

const words = {
  moved: { now: 'points to', earlier: 'before' },
  'would-move': { now: 'would point to', earlier: 'now' },
  stays: { now: 'points already to', earlier: 'before' },
} as const satisfies Record<PublishDocument['outcome'], { now: string; earlier: string }>;

/** What publishing came to as a person reads it, whichever dispatcher did it. */
export function publishText(host: Host, document: PublishDocument): string {
  const { builder, channel, outcome, published, artifacts, before, pointer } = document;
  const { now, earlier } = words[outcome];
  return [
    `${paint(host.terminal.out, 'green', `${channel} of ${builder}`)} ${now} build ${published.build_id}`,
    ...artifacts.map((id) => `  artifact  ${plainText(id)}`),
    `  manifest  ${published.path} (number ${published.sequence})`,
    ...(pointer === null
      ? []
      : [`  parameter ${pointer.parameter} ${pointer.set ? 'shows it' : 'is left as it is: on one machine no pointer outside is set'}`]),
    ...(outcome === 'stays' ? [] : comparison(before, earlier, document.changes)),
    ...undeclaredText(document.undeclared),
  ].join('\n');
}

function comparison(before: PublishDocument['before'], earlier: string, difference: PublishDocument['changes']): readonly string[] {
  if (before === null || difference === null) return [`  ${earlier.padEnd(8)}  nothing`];
  const lines = differenceLines(difference);
  return [
    `  ${earlier.padEnd(8)}  build ${before.build_id} (number ${before.sequence})`,
    lines.length === 0 ? 'the inputs are the same' : 'against that one:',
    ...lines.map((line) => `  ${visibleText(line)}`),
  ];
}
