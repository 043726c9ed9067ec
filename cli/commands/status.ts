import { type Config } from '../../core/config.ts';
import { type StatusDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type Answer } from '../answer.ts';
import { builderStatus } from '../../core/builder-status.ts';
import { type Embedded } from '../embedded.ts';
import { builderNames } from '../host.ts';
import { table } from '../render/table.ts';

/** `status [builder]`: what runs, what waits, how the last build ended, what is closed, what is published. */
export async function status(embedded: Embedded, config: Config, only: BuilderName | undefined): Promise<Outcome<Answer>> {
  const names = only === undefined ? builderNames(config) : [only];
  const builders: StatusDocument['builders'] = [];
  for (const name of names) builders.push(await builderStatus(embedded.records, name));
  return success(statusAnswer({ builders }));
}

/** Builders as they are now, whichever dispatcher has them. */
export function statusAnswer(document: StatusDocument): Answer {
  const rows = document.builders.map(({ builder, current, waiting, last, newest_manifest: newest, quarantine, channels }) => [
    builder,
    quarantine !== null ? `quarantined: ${quarantine.rule}` : current === null ? 'idle' : `${current.state} ${current.build_id}`,
    `${waiting.length}`,
    last === null ? '-' : `${last.state} ${last.finished_at ?? ''}`,
    newest === null ? '-' : `${newest.sequence} ${newest.fingerprint.slice(0, 'sha256:'.length + 12)}`,
    channels.length === 0 ? '-' : channels.map(({ channel, published }) => `${channel} ${published.sequence}`).join(', '),
  ]);
  return {
    exitCode: 0,
    document,
    text: table(['builder', 'now', 'waiting', 'last', 'manifest', 'published'], rows),
  };
}
