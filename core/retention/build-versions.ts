import { type Build } from '../build.ts';
import { tagKeys } from '../contract/deployment.ts';
import { keys } from '../contract/keys.ts';
import { type Failure } from '../failure.ts';
import { type OwnRule } from '../classification/own-rules.ts';
import { type BuildId } from '../identity.ts';
import { type KeptBucket, type ListedVersion } from '../ports.ts';

/** How far S3's clock may be from the dispatcher's. Milliseconds. */
const clockPatience = 15 * 60_000;

/**
 * Every version of all that a build left: under its own keys, and under the newest-of keys what its tags say is its own. Those were
 * written while it was settled, so few others are looked at, however many builds there were.
 */
export async function* versionsOfBuild(bucket: KeptBucket, build: Build): AsyncGenerator<ListedVersion> {
  const { builder, build_id: id } = build;
  const from = Date.parse(build.finished_at ?? build.requested_at) - clockPatience;
  const until = build.settled_at === null ? Infinity : Date.parse(build.settled_at) + clockPatience;
  for (const prefix of keys.ofBuild(builder, id)) {
    for await (const version of bucket.versions(prefix)) if (!version.deleteMarker) yield version;
  }
  for (const key of [keys.newestManifest(builder), keys.newestSummary(builder)]) {
    for await (const version of bucket.versions(key)) {
      if (version.deleteMarker || version.key !== key || version.created < from || version.created > until) continue;
      if ((await bucket.look(version))?.tags[tagKeys.build] === id) yield version;
    }
  }
}

/** Whether anything of a build is in a bucket. A record that says so of another bucket would be believed. */
export async function isInBucket(bucket: KeptBucket, build: Build): Promise<boolean> {
  const first = await versionsOfBuild(bucket, build).next();
  return first.done !== true;
}

/** Why nothing can be done where nothing of a build is in a bucket. */
export function notInBucket(rule: OwnRule, id: BuildId): Failure {
  return {
    rule,
    message: `nothing of the build ${id} is in this bucket`,
    remedy: 'name the bucket and the table of one stack; what has expired cannot be kept any more',
  };
}
