import { boundedText } from '../bounded-text.ts';
import { longestReason } from '../builder-record.ts';
import { Digest } from '../digest.ts';
import { Caller, Timestamp } from '../identity.ts';
import * as z from '../zod.ts';

/** Who said something about the retention of a build, when, and why. */
const Note = z.strictObject({ at: Timestamp, by: Caller, reason: boundedText(longestReason) });
const NoteOrNull = z.withDefault(z.nullable(Note), null);

/** What the record of a build says of what becomes of its objects. Null in older records. */
export const buildRetention = {
  /** The legal hold under which nothing of it expires; null where there is none. */
  hold: NoteOrNull,
  /** How the last hold ended. */
  hold_released: NoteOrNull,
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
