import { Digest } from '../digest.ts';
import { ExitCode } from '../exit-code.ts';
import { BuildId, BuilderName } from '../identity.ts';
import * as z from '../zod.ts';
import { DiagIndex, DiagRule } from './bundle-documents.ts';

/** `diag` */
export const DiagDocument = z.strictObject({
  /** The bundle: its key below the home, or the file that `--output` named. */
  path: z.string(),
  digest: Digest,
  /** Bytes. */
  size: z.int(),
  /**
   * The digest of what was made now, where the build is locked or held, so that this bundle, which was stored before, stays; null
   * where this is what was made now.
   */
  newer: z.withDefault(z.nullable(Digest), null),
  /** What is in it. */
  index: DiagIndex,
});
export type DiagDocument = z.infer<typeof DiagDocument>;

const RuledVerdict = z.strictObject({ exit_code: ExitCode, rule: z.string() });

/** `diag replay` */
export const DiagReplayDocument = z.strictObject({
  /** 0 where each verdict is what it was, 1 where one is not, or cannot be given again. */
  exit_code: z.literal([0, 1]),
  builder: BuilderName,
  build_id: BuildId,
  attempts: z.array(
    z.strictObject({
      attempt: z.literal([1, 2]),
      outcome: z
        .literal(['same', 'differs', 'not-judged', 'cannot-be-judged'])
        .check(
          z.describe('not-judged: there was no verdict; cannot-be-judged: what it rests on is not in the bundle, or not what was recorded'),
        ),
      was: z.nullable(RuledVerdict),
      is: z.nullable(RuledVerdict),
      /** The rule whose change makes the difference; null where there is none. */
      changed: z.nullable(z.strictObject({ code: z.string(), was: z.nullable(DiagRule), is: z.nullable(DiagRule), why: z.string() })),
      /** What the verdict was given on now, or why it was not. */
      on: z.string(),
    }),
  ),
});
export type DiagReplayDocument = z.infer<typeof DiagReplayDocument>;
