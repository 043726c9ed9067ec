import { boundedText } from '../bounded-text.ts';
import { longestReason } from '../builder-record.ts';
import { Digest } from '../digest.ts';
import { Caller, Timestamp } from '../identity.ts';
import * as z from '../zod.ts';
import { notesWithin } from './folded-notes.ts';
import { RetentionClassName, RetentionTerms } from './policy.ts';

/** Who said something about the retention of a build, when, and why. */
const Note = z.strictObject({ at: Timestamp, by: Caller, reason: boundedText(longestReason) });
const NoteOrNull = z.withDefault(z.nullable(Note), null);

/** A legal hold that ended. */
export const PastHold = z.strictObject({ ...Note.shape, released: Note });
export type PastHold = z.infer<typeof PastHold>;

/** What these lists take in a record at most, in bytes as JSON: two of the longest holds, eight of the longest changes, or many more. */
export const longestPastHolds = 24 * 1024;
export const longestRetentionChanges = 39 * 1024;

/** How many of a list its record holds no more, since they were too many: those of its middle. */
const LeftOut = z.withDefault(z.int().check(z.nonnegative()), 0);

/** That what a build is kept by was changed: its class was raised, or a changed policy was applied to it. */
export const RetentionChange = z.strictObject({
  ...Note.shape,
  /** The class before; where a policy was applied, the same as after. */
  from: RetentionClassName,
  /** What that one meant for this build. */
  from_terms: RetentionTerms,
  to: RetentionClassName,
  /** When all objects had the class as a tag, and in a bucket its lock; null until then. */
  tagged_at: z.nullable(Timestamp),
});
export type RetentionChange = z.infer<typeof RetentionChange>;

/** What the record of a build says of what becomes of its objects. Null, empty or 0 in older records. */
export const buildRetention = {
  /** The legal hold under which nothing of it expires; null where there is none. */
  hold: NoteOrNull,
  /**
   * Since when the bucket's rules were seen to differ from the policy while its attempt was to start, or was to be completed;
   * null where they were not.
   */
  unkept_since: z.withDefault(z.nullable(Timestamp), null),
  /** How the last hold ended. */
  hold_released: NoteOrNull,
  /** Who held it before, why, and how that ended; the first hold first. */
  past_holds: z.withDefault(notesWithin(PastHold, longestPastHolds), []),
  past_holds_left_out: LeftOut,
  /** How what it is kept by was changed, the first time first; its `retention` and `retention_terms` are what the last one came to. */
  retention_changes: z.withDefault(notesWithin(RetentionChange, longestRetentionChanges), []),
  retention_changes_left_out: LeftOut,
  /** Since when its objects go, said before the first one does; null while all are kept. */
  expired: z.withDefault(
    z.nullable(
      z.strictObject({
        at: Timestamp,
        by: Caller,
        /** Of the policy under which their time was over. */
        policy_digest: Digest,
        /** Since when its manifest goes, too; null while that is kept. */
        manifest_at: z.nullable(Timestamp),
      }),
    ),
    null,
  ),
} as const;
