import { describe, expect, it } from 'vitest';

import { attemptEnvironment } from '../../core/attempt-environment.ts';
import { type Artifact, recordedArtifacts } from '../../core/artifact.ts';
import { Attempt, Build, Decision, joinLimit } from '../../core/build.ts';
import { BuilderRecord, type SealedManifest, queueLimit } from '../../core/builder-record.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { jsonSize } from '../../core/bounded-text.ts';
import { Classification, type Verdict, verdictWith } from '../../core/classification/verdict.ts';
import { digestOf } from '../../core/digest.ts';
import { keys } from '../../core/contract/keys.ts';
import { BuildId, BuilderName, RunId, callerNamed, timestamp } from '../../core/identity.ts';
import { RequestVariables, longestVariables } from '../../core/request.ts';
import { RequestToken } from '../../core/request-token.ts';
import { StrayEvent } from '../../core/stray-event.ts';
import { longestPastHolds, longestRetentionChanges } from '../../core/retention/build-retention.ts';
import { Variant } from '../../core/variant.ts';
import * as z from '../../core/zod.ts';
import { buildIdOf, someTime } from '../fixtures/records.ts';

/** What a record may take: an item of DynamoDB holds 400 KB, with the names and the rest of its attributes. */
const mostBytes = 350_000;

/** What a start may say: CodeBuild takes 5,500 characters in all, and the project's own variables need the rest. */
const mostCharacters = 4700;

/** Each character takes six bytes as JSON: the most that there is. */
const worst = '\u0001';
const builder = BuilderName.parse(`b${'-'.repeat(62)}`);
const run = RunId.parse(`r${'-'.repeat(254)}`);
const id = BuildId.parse(`7${'Z'.repeat(25)}`);
const digest = digestOf('x');
const time = timestamp(someTime);

/** A text as long as it may be under a bound of so many bytes. */
const text = (bytes: number) => worst.repeat(Math.floor(bytes / 6)).padEnd(Math.floor(bytes / 6) + (bytes % 6), 'x');
const key = text(1024);
const caller = callerNamed(worst.repeat(5000));
const sealed: SealedManifest = { build_id: id, path: key, digest, fingerprint: digest, sequence: Number.MAX_SAFE_INTEGER, sealed_at: time };
const verdict: Verdict = verdictWith(3, {
  rule: 'R'.repeat(64),
  reason: worst.repeat(100_000),
  hint: worst.repeat(100_000),
  evidence: Array.from({ length: 1000 }, () => worst.repeat(100_000)),
});
const artifacts = recordedArtifacts(
  Array.from({ length: 5000 }, (_, n): Artifact => ({ id: `ami-${n}`, type: null, builder_id: null, name: '', files: [worst] })),
);
/** 100 variables of names and values that take the whole bound, in characters of three bytes. */
const variables = (() => {
  const names = Array.from({ length: 100 }, (_, n) => `v${n}`.padEnd(20, '_'));
  const room = longestVariables - JSON.stringify(Object.fromEntries(names.map((name) => [name, '']))).length;
  return Object.fromEntries(names.map((name, n) => [name, '€'.repeat(Math.floor(room / 100) + (n < room % 100 ? 1 : 0))]));
})();

const attempt = (number: 1 | 2): Attempt => ({
  attempt: number,
  token: text(64).slice(0, 64).padEnd(64, 'x'),
  run,
  intended_at: time,
  time_limit: Number.MAX_SAFE_INTEGER,
  unless: sealed,
  expected: digest,
  builder_digest: digest,
  started_at: time,
  finished_at: time,
  expired_at: time,
  outcome: {
    verdict,
    fingerprint: digest,
    artifacts: artifacts.artifacts,
    artifacts_shortened: artifacts.shortened,
    log: { path: key, size: Number.MAX_SAFE_INTEGER },
    scrub_manifest_path: key,
    redactions: Number.MAX_SAFE_INTEGER,
    decided_at: time,
    rules: digest,
    basis: {
      packer: { exit_code: Number.MIN_SAFE_INTEGER, signal: worst.repeat(32) },
      interrupted: 'time-limit',
      own_rule: 'R'.repeat(64),
      unchanged: false,
      recorded: false,
    },
  },
});
/** So many notes of that kind that no byte more is left for them. */
function asManyAs<Note extends { readonly reason: string }>(bytes: number, note: Note): Note[] {
  const notes: Note[] = [];
  for (;;) {
    const left = bytes - jsonSize([...notes, { ...note, reason: '' }]);
    if (left < 0) return notes;
    notes.push({ ...note, reason: text(Math.min(left, 4090)) });
  }
}
const part = { version: text(1024) };
const decision: Decision = {
  event: 'transient',
  verdict,
  judged: verdict,
  rests_on: { report: part, scrub_manifest: part, log: part },
  at: time,
  rules: digest,
  redaction_key: 'f'.repeat(64),
  unchanged: sealed,
};
const build: Build = {
  schema: 'hybridcore-packer/build/1',
  version: Number.MAX_SAFE_INTEGER,
  build_id: id,
  builder,
  state: 'quarantined',
  command: text(4096),
  requested_at: time,
  requested_by: caller,
  variables,
  retention: 'r'.repeat(32),
  retention_terms: { days: 36_500, lock: 'COMPLIANCE', policy_digest: digest },
  only_if_changed: { max_age: '9999999d', fingerprint: digest },
  joined: Array.from({ length: joinLimit }, () => ({ at: time, by: caller })),
  attempts: [attempt(1), attempt(2)],
  retry_at: time,
  stop: { at: time, by: caller },
  decision,
  finished_at: time,
  result_path: key,
  summary_path: key,
  manifest: { path: key, digest, fingerprint: digest },
  settled_at: time,
  hold: { at: time, by: caller, reason: text(4090) },
  unkept_since: time,
  hold_released: { at: time, by: caller, reason: text(4090) },
  past_holds: asManyAs(longestPastHolds, { at: time, by: caller, reason: text(4090), released: { at: time, by: caller, reason: 'x' } }),
  past_holds_left_out: Number.MAX_SAFE_INTEGER,
  retention_changes: asManyAs(longestRetentionChanges, {
    at: time,
    by: caller,
    reason: text(4090),
    from: 'r'.repeat(32),
    from_terms: { days: 36_500, lock: 'COMPLIANCE' as const, policy_digest: digest },
    to: 'r'.repeat(32),
    tagged_at: time,
  }),
  retention_changes_left_out: Number.MAX_SAFE_INTEGER,
  expired: { at: time, by: caller, policy_digest: digest, manifest_at: time },
};

describe('the largest record that its schema allows takes less than an item of DynamoDB holds', () => {
  it.each([
    ['build', Build, build],
    [
      'builder',
      BuilderRecord,
      {
        schema: 'hybridcore-packer/builder/1',
        version: Number.MAX_SAFE_INTEGER,
        builder,
        current: id,
        queue: Array.from({ length: queueLimit }, (_, n) => buildIdOf(n)),
        last: id,
        newest: sealed,
        quarantine: { build_id: id, since: time, ...z.omit(Classification, { hint: true }).parse(omitHint(verdict)) },
        released: { at: time, by: caller, reason: text(4090), build_id: id },
        chain_begins: { build_id: id, sequence: Number.MAX_SAFE_INTEGER, digest, previous: digest },
      },
    ],
    [
      'variant',
      Variant,
      { schema: 'hybridcore-packer/variant/1', version: Number.MAX_SAFE_INTEGER, variant_id: digest, builder, newest: sealed },
    ],
    [
      'request-token',
      RequestToken,
      {
        schema: 'hybridcore-packer/request-token/1',
        version: Number.MAX_SAFE_INTEGER,
        token_id: digest,
        builder,
        by: caller,
        request: digest,
        build_id: id,
        accepted_at: time,
        expires_at: time,
      },
    ],
    [
      'stray-event',
      StrayEvent,
      {
        schema: 'hybridcore-packer/stray-event/1',
        version: Number.MAX_SAFE_INTEGER,
        event_id: digest,
        run,
        status: 'IN_PROGRESS',
        build_id: id,
        why: 'unknown-build',
        received_at: time,
      },
    ],
  ] as const)('%s', (_, schema, document) => {
    const parsed = schema.parse(document);
    expect(Buffer.byteLength(canonicalJson(parsed))).toBeLessThan(mostBytes);
  });

  it('and no text of it can be longer by a byte', () => {
    for (const longer of [
      { ...build, command: text(4097) },
      { ...build, requested_by: text(513) },
      { ...build, result_path: text(1025) },
      { ...build, hold: { at: time, by: 'x', reason: text(4097) } },
      { ...build, past_holds: [...build.past_holds, ...build.past_holds.slice(0, 1)] },
      { ...build, retention_changes: [...build.retention_changes, ...build.retention_changes.slice(0, 1)] },
      { ...build, joined: [...build.joined, { at: time, by: 'x' }] },
      { ...build, decision: { ...decision, rests_on: { report: { version: text(1025) }, scrub_manifest: null, log: null } } },
      { ...build, decision: { ...decision, verdict: { exit_code: 3, classification: { ...verdict.classification, reason: text(4097) } } } },
      {
        ...build,
        decision: {
          ...decision,
          verdict: { exit_code: 3, classification: { ...verdict.classification, evidence: Array.from({ length: 4 }, () => text(4000)) } },
        },
      },
      {
        ...build,
        attempts: [
          {
            ...attempt(1),
            outcome: { ...attempt(1).outcome, artifacts: [{ id: text(33_000), type: null, builder_id: null, name: 'x', files: [] }] },
          },
        ],
      },
    ])
      expect(Build.safeParse(longer).success).toBe(false);
  });
});

function omitHint({ classification: { hint: _, ...rest } }: Verdict): Omit<Classification, 'hint'> {
  return rest;
}

describe('the largest start', () => {
  it('says no more than CodeBuild takes, with room for what the project says', () => {
    const environment = attemptEnvironment(build, attempt(1));
    const characters = Object.entries(environment).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(Object.keys(environment)).toHaveLength(7);
    expect(characters).toBeLessThan(mostCharacters);
    expect(attempt(1).token.length).toBeLessThanOrEqual(64);
  });

  it('and a request cannot set more than that', () => {
    expect(JSON.stringify(variables)).toHaveLength(longestVariables);
    expect(RequestVariables.safeParse(variables).success).toBe(true);
    expect(RequestVariables.safeParse({ ...variables, [Object.keys(variables)[0] ?? '']: '€'.repeat(200) }).success).toBe(false);
  });
});

describe('the longest key of an object', () => {
  it('is one that S3 takes, and so are the tags', () => {
    const longest = [
      keys.newestManifest(builder),
      keys.manifest(builder, id),
      keys.log(builder, id, 2),
      keys.scrubManifest(builder, id, 2),
      ...Object.values(keys.incoming(run)),
      keys.control(run, 'stop'),
    ];
    for (const each of longest) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(1024);
    for (const tag of [builder, id, build.retention, 'scrub-manifest']) expect(tag).toMatch(/^[\p{L}\p{N} +\-=._:/@]{1,256}$/u);
  });
});
