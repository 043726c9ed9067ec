import { Build } from './build.ts';
import { BuilderRecord, SealedManifest } from './builder-record.ts';
import { chainProblemNames } from './chain-problem.ts';
import { Channel, ChannelName } from './channel.ts';
import { Classification, Verdict } from './classification/verdict.ts';
import { Digest } from './digest.ts';
import { ExitCode } from './exit-code.ts';
import { BuildId, BuilderName, Timestamp } from './identity.ts';
import { Input, UndeclaredInput, inputKinds } from './input.ts';
import { ScrubbedFile } from './scrub/scrub-manifest.ts';
import { BuildState } from './states.ts';
import * as z from './zod.ts';

/*
 * What the commands print with `--json` where they do not print a result: one document each, with a schema.
 */

/** `inputs` */
export const InputsDocument = z.strictObject({ fingerprint: Digest, inputs: z.array(Input), undeclared: z.array(UndeclaredInput) });

/** `classify` */
export const ClassifyDocument = Verdict;

/** `scrub`, and what it writes with `--manifest` */
export const ScrubDocument = z.strictObject({
  schema: z.literal('hybridcore-packer/scrub/1'),
  /** Changes whenever what is found by shape does. */
  rule_set: Digest,
  /** Names of the values that are too short or too common to be searched for in running text. */
  not_searched: z.array(z.string()),
  file: ScrubbedFile,
});
export type ScrubDocument = z.infer<typeof ScrubDocument>;

/** `validate` */
export const ValidateDocument = z.strictObject({
  /** The gravest of the builders'. */
  exit_code: ExitCode,
  builders: z.array(
    z.strictObject({
      builder: z.string(),
      exit_code: ExitCode,
      /** Null where nothing is wrong. */
      classification: z.nullable(Classification),
      fingerprint: z.nullable(Digest),
      undeclared: z.array(UndeclaredInput),
      /** Null where it is not built by itself. */
      schedule: z.nullable(
        z.strictObject({
          /** In EventBridge Scheduler's words: `cron(...)` or `rate(...)`. */
          expression: z.string(),
          timezone: z.string(),
          /** The next three times, as client tokens have them; of a rate as if it began now. None where none comes any more. */
          next: z.array(z.iso.datetime()),
        }),
      ),
    }),
  ),
});
export type ValidateDocument = z.infer<typeof ValidateDocument>;

export const BuildLine = z.strictObject({
  build_id: BuildId,
  state: BuildState,
  /** Null while it is not decided. */
  exit_code: z.nullable(ExitCode),
  rule: z.nullable(z.string()),
  attempts: z.int().check(z.gte(0), z.lte(2)),
  requested_at: Timestamp,
  requested_by: z.string(),
  finished_at: z.nullable(Timestamp),
  variables: z.record(z.string(), z.string()),
});
export type BuildLine = z.infer<typeof BuildLine>;

/** `builds` */
export const BuildsDocument = z.strictObject({
  builder: z.string(),
  builds: z.array(BuildLine),
  /** Give it back with `--cursor` for the next page; null on the last one. */
  cursor: z.nullable(z.string()),
});
export type BuildsDocument = z.infer<typeof BuildsDocument>;

/** `status` */
export const StatusDocument = z.strictObject({
  builders: z.array(
    z.strictObject({
      builder: z.string(),
      current: z.nullable(BuildLine),
      waiting: z.array(BuildId),
      last: z.nullable(BuildLine),
      newest_manifest: z.made(BuilderRecord).shape.newest,
      quarantine: z.made(BuilderRecord).shape.quarantine,
      /** By name. */
      channels: z.array(
        z.pick(z.made(Channel), {
          channel: true,
          published: true,
          artifacts: true,
          published_at: true,
          published_by: true,
          previous: true,
        }),
      ),
    }),
  ),
});
export type StatusDocument = z.infer<typeof StatusDocument>;

/** How the inputs of one manifest differ from those of another. */
export const InputChanges = z.strictObject({
  added: z.array(Input),
  removed: z.array(Input),
  changed: z.array(
    z.strictObject({
      kind: z.literal(inputKinds),
      name: z.string(),
      /** `digest` and `mode` of a file, the `value` of anything else. */
      changed: z.array(z.literal(['digest', 'mode', 'value'])),
      before: Input,
      after: Input,
    }),
  ),
});

/** A changed file line by line. */
const TextDifference = z.strictObject({
  kind: z.literal(inputKinds),
  name: z.string(),
  /** In the unified format, scrubbed; null where there is none, with `why`. */
  diff: z.nullable(z.string()),
  why: z.nullable(z.string()),
});
export type TextDifference = z.infer<typeof TextDifference>;

/** `drift` */
export const DriftDocument = z.strictObject({
  /** The gravest of the builders': with `--exit-code` 1 where one has drifted or was never built. */
  exit_code: ExitCode,
  builders: z.array(
    z.strictObject({
      builder: z.string(),
      exit_code: ExitCode,
      /** `unknown`: `classification` says why. */
      state: z.literal(['unchanged', 'drifted', 'never-built', 'unknown']),
      classification: z.nullable(Classification),
      /** Of the inputs as they are now. */
      fingerprint: z.nullable(Digest),
      /** What they are compared with: the newest manifest of the same request variables; null where none was sealed. */
      manifest: z.nullable(SealedManifest),
      changes: z.nullable(InputChanges),
      /** Pairs of `changes.removed` and `changes.added` that are one file under another name. */
      moved: z.array(z.strictObject({ kind: z.literal(inputKinds), from: z.string(), to: z.string() })),
      /** With `--diff`, of each changed file. */
      diffs: z.array(TextDifference),
      undeclared: z.array(UndeclaredInput),
    }),
  ),
});
export type DriftDocument = z.infer<typeof DriftDocument>;

/** `publish` */
export const PublishDocument = z.strictObject({
  builder: z.string(),
  channel: ChannelName,
  /** `would-move`: what `--check` says. `stays`: the channel points to that build already. */
  outcome: z.literal(['moved', 'would-move', 'stays']),
  published: SealedManifest,
  artifacts: z.made(Channel).shape.artifacts,
  /** What the channel pointed to before, the same where it stays; null where it is new. */
  before: z.nullable(SealedManifest),
  /** Against the manifest published before; null where there was none. */
  changes: z.nullable(InputChanges),
  /** The pointer outside that the channel has, and whether it shows this build now: on one machine none is set. Null where there is none. */
  pointer: z.nullable(z.strictObject({ parameter: z.string(), set: z.boolean() })),
  /** Holes in the inputs, through which the gate does not see. */
  undeclared: z.array(UndeclaredInput),
});
export type PublishDocument = z.infer<typeof PublishDocument>;

/** `verify` */
export const VerifyDocument = z.strictObject({
  /** 0 where every chain holds, else 3. */
  exit_code: z.literal([0, 3]),
  builders: z.array(
    z.strictObject({
      builder: BuilderName,
      holds: z.boolean(),
      /** How many manifests are what was recorded when they were sealed. */
      manifests: z.int().check(z.nonnegative()),
      /** As the record of the builder has it; null where none was sealed. */
      newest: z.nullable(SealedManifest),
      /** With which manifest the chain begins, where older ones have expired; null where it begins with the first. */
      begins: z.made(BuilderRecord).shape.chain_begins,
      channels: z.array(z.pick(z.made(Channel), { channel: true, published: true })),
      problems: z.array(z.strictObject({ problem: z.literal(chainProblemNames), message: z.string() })),
    }),
  ),
});
export type VerifyDocument = z.infer<typeof VerifyDocument>;

/** `quarantine list` and `quarantine release` */
export const QuarantineDocument = z.strictObject({
  builders: z.array(
    z.strictObject({
      builder: z.string(),
      quarantine: z.made(BuilderRecord).shape.quarantine,
      released: z.made(BuilderRecord).shape.released,
    }),
  ),
});
export type QuarantineDocument = z.infer<typeof QuarantineDocument>;

/** `logs` */
export const LogsDocument = z.strictObject({
  build_id: BuildId,
  state: BuildState,
  attempts: z.array(z.strictObject({ attempt: z.literal([1, 2]), log_path: z.nullable(z.string()), lines: z.array(z.string()) })),
});
export type LogsDocument = z.infer<typeof LogsDocument>;

/** `serve`, once it has been ended kindly */
export const ServeDocument = z.strictObject({ stopped: z.literal(true) });
export type ServeDocument = z.infer<typeof ServeDocument>;

/** `stop` */
export const StopDocument = z.strictObject({ build_id: BuildId, state: BuildState, stop: z.made(Build).shape.stop });
export type StopDocument = z.infer<typeof StopDocument>;

/** What the function `dispatch` answers, and `dispatch` prints; where the request was refused, it is a result. */
export const DispatchDocument = z.strictObject({
  dispatched: z.strictObject({
    build_id: BuildId,
    builder: BuilderName,
    /** When the answer was given. */
    state: BuildState,
    how: z
      .literal(['accepted', 'joined', 'known'])
      .check(
        z.describe('accepted: a build of its own; joined: an equal one that waits; known: the one that the same client token was given'),
      ),
  }),
});
export type DispatchDocument = z.infer<typeof DispatchDocument>;

/** `init` */
export const InitDocument = z.strictObject({
  file: z.string(),
  builders: z.array(
    z.strictObject({
      builder: z.string(),
      template: z.string(),
      /** Found beside the template; taken up where it is one alone. */
      var_files: z.array(z.string()),
    }),
  ),
});

/** `schema` without a name */
export const SchemasDocument = z.strictObject({ schemas: z.array(z.string()) });
