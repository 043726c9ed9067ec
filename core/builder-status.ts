import { buildLine } from './build-line.ts';
import { type StatusDocument } from './documents.ts';
import { type BuilderName } from './identity.ts';
import { allPages } from './pages.ts';
import { type Records } from './ports.ts';

/** A builder as it is now: what it builds, what waits, how the last build ended, what is closed and what published. Costs the same however many builds there were. */
export async function builderStatus(records: Records, name: BuilderName): Promise<StatusDocument['builders'][number]> {
  const record = await records.readBuilder(name);
  if (record === undefined)
    return { builder: name, current: null, waiting: [], last: null, newest_manifest: null, quarantine: null, channels: [] };
  const [current, last] = await Promise.all(
    [record.current, record.last].map(async (id) => (id === null ? undefined : records.readBuild(id))),
  );
  return {
    builder: name,
    current: current === undefined ? null : buildLine(current),
    waiting: record.queue,
    last: last === undefined ? null : buildLine(last),
    newest_manifest: record.newest,
    quarantine: record.quarantine,
    channels: (await allPages((page) => records.listChannels(name, page))).map(
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
