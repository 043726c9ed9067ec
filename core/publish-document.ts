import { pointerName } from './channel.ts';
import { type Builder } from './config.ts';
import { type PublishDocument } from './documents.ts';
import { type InputDifference } from './drift.ts';
import { type UndeclaredInput } from './input.ts';
import { type PublishPlan } from './publish.ts';

/**
 * What publishing came to, as `publish --json` prints it and the API answers.
 *
 * @param known `check`: nothing was moved; `set`: whether the pointer outside shows the build now; `undeclared`: as far as who
 *   asks sees the inputs.
 */
export function publishDocument(
  { publish: outside }: Builder,
  { channel, moves, before, difference }: PublishPlan,
  known: { readonly check: boolean; readonly set: boolean; readonly undeclared: readonly UndeclaredInput[] },
): PublishDocument {
  const parameter = outside?.ssm_parameter;
  return {
    builder: channel.builder,
    channel: channel.channel,
    outcome: moves ? (known.check ? 'would-move' : 'moved') : 'stays',
    published: channel.published,
    artifacts: channel.artifacts,
    before,
    changes: difference === null ? null : changesDocument(difference),
    pointer: parameter === undefined ? null : { parameter: pointerName(parameter, channel.channel), set: known.set },
    undeclared: [...known.undeclared],
  };
}

/** A difference as documents have it. */
export function changesDocument({ added, removed, changed }: InputDifference): NonNullable<PublishDocument['changes']> {
  return {
    added: [...added],
    removed: [...removed],
    changed: changed.map((change) => ({ ...change, changed: [...change.changed] })),
  };
}
