import { type Digest } from '../../core/digest.ts';
import { type BuildId, type BuilderName } from '../../core/identity.ts';
import { variantIdOf } from '../../core/variant.ts';
import { type MemoryRecords, type Written } from './memory-records.ts';
import { type Violate } from './violation.ts';

/** Somebody's wish to publish. */
export interface Publishing {
  /** The name under which it is asked for, which no other has: the record of the channel says so whose wish it carries out. */
  readonly by: string;
  readonly builder: BuilderName;
  /** Null: the newest of the variables. */
  readonly build: BuildId | null;
  readonly variables: Readonly<Record<string, string>>;
  /** Of the inputs as they were seen. */
  readonly fingerprint: Digest;
  /** What the answer was; undefined where none came. */
  end: string | undefined;
}

/**
 * Holds each move of a channel against the records as they stand when it is committed: what the gate looked at may be
 * long gone by then.
 */
export function watchChannels(
  written: readonly Written[],
  { stored }: MemoryRecords,
  publishings: readonly Publishing[],
  violate: Violate,
): void {
  for (const { write } of written) {
    if (write.type !== 'channel') continue;
    const { builder, published, published_by: by, previous, channel_id: id } = write.document;
    const name = `${builder} ${write.document.channel}, version ${write.document.version}`;
    const wish = publishings.find((each) => each.by === by);
    const build = stored.builds.get(published.build_id);
    const before = stored.channels.get(id);
    if (build?.builder !== builder || build.state !== 'succeeded' || build.manifest?.digest !== published.digest)
      violate('a channel names a success of its builder, as it is recorded', `${name}: ${published.build_id} is ${build?.state}`);
    if ((stored.builders.get(builder)?.quarantine ?? null) !== null) violate('no channel moves while its builder is quarantined', name);
    if ((before?.published.build_id ?? null) !== previous) violate('a channel names what it pointed to before', name);
    if (previous === published.build_id) violate('what is published already changes nothing', name);
    if (wish === undefined || wish.builder !== builder) violate('a channel moves because somebody wants it', name);
    else if (wish.build === null) watchNewest(name, wish, published, stored, violate);
    else if (wish.build !== published.build_id) violate('the build that was named is published', `${name}: ${published.build_id}`);
  }
}

function watchNewest(
  name: string,
  { builder, variables, fingerprint }: Publishing,
  published: { readonly build_id: BuildId; readonly fingerprint: Digest },
  stored: MemoryRecords['stored'],
  violate: Violate,
): void {
  const newest = stored.variants.get(variantIdOf(builder, variables))?.newest;
  if (newest?.build_id !== published.build_id)
    violate('the newest manifest of its variables is published', `${name}: ${published.build_id}, newest ${newest?.build_id}`);
  if (published.fingerprint !== fingerprint) violate('what is published has the fingerprint that was sent', name);
}
