import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { proveRetention } from '../../cdk/template-lifecycle.ts';
import { type RetentionPolicy } from '../../core/retention/policy.ts';
import { fullConfig, templateOf, withPlan } from './plans.ts';
import { type Template } from './template.ts';

type Rule = Record<string, unknown>;
interface BucketProperties {
  LifecycleConfiguration: { Rules: Rule[] };
  [property: string]: unknown;
}

let template: Template;
let policy: RetentionPolicy;
beforeAll(async () => {
  [template, policy] = await withPlan(fullConfig, async ({ plan }, folder) => [
    await templateOf(plan, join(folder, 'cdk.out')),
    plan.deployment.config.retention,
  ]);
});

/** The properties of the bucket in a template. */
function bucketIn(of: Template): BucketProperties {
  const [, bucket] = Object.entries(of.Resources).find(([id]) => id.startsWith('StorageObjects') && !id.includes('Policy')) ?? [];
  return bucket?.Properties as BucketProperties;
}

/** What the proof says of a changed bucket: the messages of all breaches. */
function breaches(change: (bucket: BucketProperties, rules: Rule[]) => void, changed: object = {}): readonly string[] {
  const mutated = structuredClone(template);
  const bucket = bucketIn(mutated);
  change(bucket, bucket.LifecycleConfiguration.Rules);
  const proof = proveRetention(mutated, { ...policy, ...changed });
  return proof.ok ? [] : [...(proof.failure.evidence ?? [])];
}

const all = ['short', 'standard', 'evidence'];
const named = (messages: readonly string[]) => all.filter((name) => messages.some((message) => new RegExp(`\\b${name}\\b`).test(message)));

/** The classes that a rule is for, by its id: what one of another id does befalls all. What a lock keeps no rule removes sooner. */
function classesOf(id: string): readonly string[] {
  const [, name] = /^retention-(\w+)-/.exec(id) ?? [];
  if (name !== undefined) return [name];
  return id === 'replaced-artifacts' ? all.filter((each) => policy.classes[each]?.lock === undefined) : all;
}

/** Every number of a rule, by where it is. */
function numbersOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, [...path, key]));
}

function change(rule: Rule, path: readonly string[], by: number): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) rule[key] = Number(rule[key]) + by;
  else change(rule[key] as Rule, rest, by);
}

/** What a change does that keeps all that is promised: nothing is read from then, and nothing is left behind. */
const harmless: Readonly<Record<string, string>> = {
  'retention-evidence-diag without TagFilters': 'the longest class expires nothing sooner than its own class does',
  'retention-evidence-state-packer without TagFilters': 'the same',
  'remains NoncurrentVersionExpiration.NoncurrentDays -1': 'a delete marker that was written over goes a day sooner',
  'remains AbortIncompleteMultipartUpload.DaysAfterInitiation -1': 'a broken upload goes a day sooner',
};

describe('the proof at synthesis', () => {
  it('holds for the rules as they are, and with their arithmetic for no bound below four days', () => {
    expect(breaches(() => {})).toEqual([]);
    const tight = breaches(() => {}, { late_days: 3 });
    expect(named(tight)).toEqual(all);
    expect(tight[0]).toBe(
      'the retention class short (30 days, and at most 3 more): is kept too long: for 34.00 days, state/packer/logs/any-builder.json with hybridcore:retention=short hybridcore:kind=log-summary: retention-short-state-packer hides it behind a delete marker: 2026-01-01T00:00:00.001Z + 30 days = 2026-01-31T00:00:00.001Z, at the next midnight UTC 2026-02-01T00:00:00.000Z; retention-short-state-packer removes what is noncurrent: 2026-02-01T23:59:59.999Z + 1 day = 2026-02-02T23:59:59.999Z, at the next midnight UTC 2026-02-03T00:00:00.000Z',
    );
  });

  it('fails for each rule that is gone, and names the classes', () => {
    const { Rules } = bucketIn(template).LifecycleConfiguration;
    expect(Rules.length).toBe(10);
    for (const [index, { Id }] of Rules.entries())
      expect(named(breaches((_, rules) => rules.splice(index, 1))), String(Id)).toEqual(classesOf(String(Id)));
  });

  it('fails for each part of a rule that is gone or another, and names the class', () => {
    const unnoticed: string[] = [];
    const told: string[] = [];
    let edits = 0;
    const look = (index: number, what: string, edit: (rule: Rule) => void) => {
      edits += 1;
      const id = String(bucketIn(template).LifecycleConfiguration.Rules[index]?.['Id']);
      const found = named(breaches((_, rules) => edit(rules[index] ?? {})));
      if (harmless[`${id} ${what}`] === undefined) {
        if (!classesOf(id).every((name) => found.includes(name))) unnoticed.push(`${id} ${what}`);
      } else if (found.length > 0) {
        told.push(`${id} ${what}`);
      }
    };
    for (const [index, rule] of bucketIn(template).LifecycleConfiguration.Rules.entries()) {
      for (const key of Object.keys(rule))
        if (key !== 'Id' && key !== 'Status') look(index, `without ${key}`, (edited) => delete edited[key]);
      look(index, 'disabled', (edited) => (edited['Status'] = 'Disabled'));
      look(index, 'for large objects', (edited) => (edited['ObjectSizeGreaterThan'] = '128000'));
      look(index, 'for small objects', (edited) => (edited['ObjectSizeLessThan'] = '128000'));
      look(index, 'for another prefix', (edited) => (edited['Prefix'] = 'elsewhere/'));
      look(
        index,
        'for one more tag',
        (edited) => (edited['TagFilters'] = [...((rule['TagFilters'] ?? []) as object[]), { Key: 'hybridcore:build', Value: 'x' }]),
      );
      look(index, 'for a tag that nobody gives', (edited) => (edited['TagFilters'] = [{ Key: 'owner', Value: 'nobody' }]));
      for (const path of numbersOf(rule))
        for (const by of [-1, 1])
          // S3 takes no zero.
          if (!(by === -1 && path.reduce<unknown>((value, key) => (value as Rule)[key], rule) === 1))
            look(index, `${path.join('.')} ${by}`, (edited) => change(edited, path, by));
    }
    expect(unnoticed).toEqual([]);
    expect(told).toEqual([]);
    expect(edits).toBeGreaterThan(90);
  });

  it.each([
    ['of all objects', {}],
    ['by a tag that objects have', { TagFilters: [{ Key: 'hybridcore:kind', Value: 'log' }] }],
    ['by the name of a builder', { TagFilters: [{ Key: 'hybridcore:builder', Value: 'plain' }] }],
    ['by a prefix within', { Prefix: 'state/packer/results/plain/' }],
    ['by size', { ObjectSizeGreaterThan: 5_000_000 }],
    [
      'by tag, prefix and size',
      { TagFilters: [{ Key: 'hybridcore:build', Value: 'x' }], Prefix: 'state/packer/logs/', ObjectSizeLessThan: '3' },
    ],
  ])('fails for one more rule that expires sooner: %s', (_, filter) => {
    const rule = { Id: 'more', Status: 'Enabled', ExpirationInDays: 29, ...filter };
    expect(named(breaches((__, rules) => rules.push(rule)))).toEqual(all);
    expect(breaches((__, rules) => rules.push({ ...rule, Status: 'Disabled' }))).toEqual([]);
  });

  it('fails for a date, which removes what comes after it at once', () => {
    const rule = { Id: 'once', Status: 'Enabled', Prefix: 'diag/', ExpirationDate: '2040-01-01T00:00:00.000Z' };
    expect(named(breaches((_, rules) => rules.push(rule)))).toEqual(all);
  });

  it('fails for a manifest that would expire', () => {
    const [message] = breaches((_, rules) => rules.push({ Id: 'old', Status: 'Enabled', Prefix: 'artifacts/', ExpirationInDays: 9000 }));
    expect(message).toMatch(/^hash manifests of the retention class short, which do not expire: is kept too short: for 9000/);
  });

  it('takes no notice of transitions and of a rule that fits nothing here', () => {
    const rules = [
      { Id: 'archive', Status: 'Enabled', Transitions: [{ StorageClass: 'GLACIER', TransitionInDays: 1 }] },
      { Id: 'others', Status: 'Enabled', Prefix: 'state/packet/', ExpirationInDays: 1 },
    ];
    expect(breaches((_, standing) => standing.push(...rules))).toEqual([]);
  });

  it("fails for a bucket whose default lock outlasts a class, and whose class's lock no Object Lock keeps", () => {
    const DefaultRetention = { Mode: 'GOVERNANCE', Days: 60 };
    expect(named(breaches((bucket) => (bucket['ObjectLockConfiguration'] = { Rule: { DefaultRetention } })))).toEqual(all);
    const [message] = breaches((bucket) => delete bucket['ObjectLockEnabled']);
    expect(message).toBe('the retention class evidence has a lock, and the bucket has no Object Lock');
  });

  it('fails without versions', () => {
    expect(named(breaches((bucket) => (bucket['VersioningConfiguration'] = { Status: 'Suspended' })))).toEqual(all);
  });

  it('cannot say anything of rules that it does not know', () => {
    const mutated = structuredClone(template);
    bucketIn(mutated).LifecycleConfiguration.Rules.push({ Id: 'new', Status: 'Enabled', ExpirationInFortnights: 2 });
    expect(proveRetention(mutated, policy)).toMatchObject({
      ok: false,
      failure: { rule: 'DEPLOYMENT_INVALID', message: expect.stringMatching(/ExpirationInFortnights/) },
    });
    expect(proveRetention({ Resources: {}, Outputs: {} }, policy)).toMatchObject({ ok: false, failure: { rule: 'DEPLOYMENT_INVALID' } });
  });
});
