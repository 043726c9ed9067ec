import { SealedManifest } from './builder-record.ts';
import { Digest, digestOfJson } from './digest.ts';
import { type HashManifest } from './hash-manifest.ts';
import { BuildId, BuilderName, Timestamp } from './identity.ts';
import * as z from './zod.ts';

/** How many ids of artifacts the record of a channel holds: enough to find an image by. All of them are in the manifest. */
export const channelArtifactLimit = 50;

/** The ids of the artifacts that the record of a channel holds which points to a manifest. */
export function namedArtifacts({ artifacts }: HashManifest): string[] {
  return artifacts.slice(0, channelArtifactLimit).map(({ id }) => id);
}

/** The name of a channel: a pointer of one builder to a published build. */
export const ChannelName = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,31}$/, 'a channel is named with a-z, 0-9 and -, begins with a letter and has at most 32 characters'))
  .brand<'ChannelName'>();
export type ChannelName = z.infer<typeof ChannelName>;

/** The name of a channel's pointer outside, from the name in which `{channel}` stands for the channel. */
export function pointerName(parameter: string, channel: string): string {
  return parameter.replaceAll('{channel}', channel);
}

/** The channel that is meant where none is named. */
export const defaultChannel = ChannelName.parse('latest');

/** A channel of a builder, and the build that it points to. The record of `Records`; `publish` alone writes it. */
export const Channel = z.lazy(() =>
  z.strictObject({
    schema: z.literal('hybridcore-packer/channel/1'),
    /** Grows by one with each build that is published. */
    version: z.int().check(z.positive()),
    channel_id: Digest,
    builder: BuilderName,
    channel: ChannelName,
    /** The manifest of the published build, as it was sealed. */
    published: SealedManifest,
    /** The ids of the first artifacts that it lists. */
    artifacts: z.array(z.string()).check(z.minLength(1), z.maxLength(channelArtifactLimit)),
    published_at: Timestamp,
    published_by: z.string(),
    /** The build that the channel pointed to before; null where this is its first. */
    previous: z.nullable(BuildId),
  }),
);
export type Channel = z.infer<typeof Channel>;

/** The id of a channel: the digest over the builder's name and its own. */
export function channelIdOf(builder: BuilderName, channel: ChannelName): Digest {
  return digestOfJson([builder, channel]);
}
