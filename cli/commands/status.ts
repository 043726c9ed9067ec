import { type Config } from '../../core/config.ts';
import { type StatusDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { allPages } from '../../core/pages.ts';
import { type Answer } from '../answer.ts';
import { buildLine } from '../build-line.ts';
import { type Embedded } from '../embedded.ts';
import { builderNames } from '../host.ts';
import { table } from '../render/table.ts';

/** `status [builder]`: what runs, what waits, how the last build ended, what is closed, what is published. */
export async function status(embedded: Embedded, config: Config, only: BuilderName | undefined): Promise<Outcome<Answer>> {
  const names = only === undefined ? builderNames(config) : [only];
  const builders: StatusDocument['builders'] = [];
  for (const name of names) builders.push(await builderStatus(embedded, name));
  const rows = builders.map(({ builder, current, waiting, last, newest_manifest: newest, quarantine, channels }) => [
    builder,
    quarantine !== null ? `quarantined: ${quarantine.rule}` : current === null ? 'idle' : `${current.state} ${current.build_id}`,
    `${waiting.length}`,
    last === null ? '-' : `${last.state} ${last.finished_at ?? ''}`,
    newest === null ? '-' : `${newest.sequence} ${newest.fingerprint.slice(0, 'sha256:'.length + 12)}`,
    channels.length === 0 ? '-' : channels.map(({ channel, published }) => `${channel} ${published.sequence}`).join(', '),
  ]);
  return success({
    exitCode: 0,
    document: { builders },
    text: table(['builder', 'now', 'waiting', 'last', 'manifest', 'published'], rows),
  });
}

async function builderStatus(embedded: Embedded, name: BuilderName): Promise<StatusDocument['builders'][number]> {
  const record = await embedded.records.readBuilder(name);
  if (record === undefined)
    return { builder: name, current: null, waiting: [], last: null, newest_manifest: null, quarantine: null, channels: [] };
  const current = record.current === null ? undefined : await embedded.records.readBuild(record.current);
  const { items } = await embedded.records.listBuilds(name, { limit: 100 });
  const last = items.find((build) => build.finished_at !== null);
  return {
    builder: name,
    current: current === undefined ? null : buildLine(current),
    waiting: record.queue,
    last: last === undefined ? null : buildLine(last),
    newest_manifest: record.newest,
    quarantine: record.quarantine,
    channels: (await allPages((page) => embedded.records.listChannels(name, page))).map(
      ({ channel, published, artifacts, published_at, published_by, previous }) => ({
        channel,
        published,
        artifacts,
        published_at,
        published_by,
        previous,
      }),
    ),
  };
}
