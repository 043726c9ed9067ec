import { type Build } from '../build.ts';
import { type Timestamp } from '../identity.ts';
import { pages } from '../pages.ts';
import { type KeptObjects, type Records } from '../ports.ts';
import { buildTerms } from './build-terms.ts';
import { type RetentionPolicy, type RetentionTerms, keepsAtLeast } from './policy.ts';

/**
 * What a changed policy would do to objects. `firmer`: as many days, and a lock that they do not have. `locked`: it would keep
 * them for less or less firmly, and a lock forbids it. `class-gone`: it does not have their class any more, so they stay as promised.
 */
export const policyEffects = ['earlier', 'later', 'firmer', 'locked', 'class-gone'] as const;
export type PolicyEffectName = (typeof policyEffects)[number];

/** What a changed policy would do to all that one build left. */
export interface PolicyEffect {
  readonly class: string;
  readonly effect: PolicyEffectName;
  readonly from: RetentionTerms;
  /** Null where the class is gone. */
  readonly to: RetentionTerms | null;
  /** When it may go as promised. */
  readonly expires_from: Timestamp;
  /** When it could go by the policy as it is now; null where the class is gone. */
  readonly expires_to: Timestamp | null;
}

/** Objects of one class that were written under equal terms, and that the policy as it is now would keep otherwise. */
export interface PolicyChange {
  readonly class: string;
  readonly effect: PolicyEffectName;
  readonly from_days: number;
  /** Null where the class is gone. */
  readonly to_days: number | null;
  readonly builds: number;
  readonly objects: number;
  readonly bytes: number;
  /** When the first of them may go as promised. */
  readonly first_from: Timestamp;
  /** When the first of them could go by the policy as it is now; null where the class is gone. */
  readonly first_to: Timestamp | null;
}

export interface PolicyPlan {
  /** By class, then by effect and days. */
  readonly changes: readonly PolicyChange[];
  /** How many objects the policy keeps as they were promised. */
  readonly unchanged: number;
}

export interface PlanPorts {
  readonly records: Pick<Records, 'listBuilders' | 'listBuilds'>;
  /** All objects that their class lets go, with the build that left each: some text of no build of ours where nobody knows. */
  readonly keptObjects: () => AsyncIterable<{ readonly build: string; readonly size: number }>;
}

/** The ports of one machine: everything that is kept there. */
export function planPortsOf(home: { readonly records: PlanPorts['records']; readonly kept: Pick<KeptObjects, 'listKept'> }): PlanPorts {
  return {
    records: home.records,
    async *keptObjects() {
      for await (const { tags, size } of pages((page) => home.kept.listKept(page))) yield { build: tags.build, size };
    },
  };
}

/**
 * Compares the policy as it is now with what each build was promised, object by object. Changes nothing, and a sweep does not
 * heed it: what was promised counts until the policy is applied (`applyPolicy`). Objects of builds that have not ended, or that
 * no record knows, are not in it; legal holds are left out of the sum, since they end.
 */
export async function planPolicy({ records, keptObjects }: PlanPorts, policy: RetentionPolicy): Promise<PolicyPlan> {
  const names = new Map<string, string | null>();
  const changes = new Map<string, PolicyChange>();
  for await (const build of allBuilds(records)) {
    if (buildTerms(build, policy) === undefined) continue;
    const effect = policyEffect(build, policy);
    names.set(build.build_id, effect === undefined ? null : nameOf(effect));
    if (effect !== undefined) changes.set(nameOf(effect), together(changes.get(nameOf(effect)), effect));
  }
  let unchanged = 0;
  for await (const { build, size } of keptObjects()) {
    const name = names.get(build);
    const change = changes.get(name ?? '');
    if (name === null) unchanged += 1;
    else if (name !== undefined && change !== undefined)
      changes.set(name, { ...change, objects: change.objects + 1, bytes: change.bytes + size });
  }
  const sorted = [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
  return { changes: sorted.filter(({ objects }) => objects > 0), unchanged };
}

/** Every build that a record knows. Costs two calls for a hundred. */
export async function* allBuilds(records: PlanPorts['records']): AsyncGenerator<Build> {
  for await (const { builder } of pages((page) => records.listBuilders(page))) yield* pages((page) => records.listBuilds(builder, page));
}

/** What the policy as it is now would do to what a build that has ended left. Undefined where it keeps it as promised. */
export function policyEffect(build: Build, policy: RetentionPolicy): PolicyEffect | undefined {
  const promised = buildTerms(build, policy);
  const present = buildTerms({ ...build, retention_terms: null }, policy);
  if (promised === undefined || present === undefined) return undefined;
  const [{ expires_at: expiresFrom, ...from }, { expires_at: expiresTo, ...to }] = [promised, present];
  const about = { class: build.retention, from, expires_from: expiresFrom };
  if (!Object.hasOwn(policy.classes, build.retention)) return { ...about, effect: 'class-gone', to: null, expires_to: null };
  const changed = { ...about, to, expires_to: expiresTo };
  if (from.lock !== undefined && !keepsAtLeast(to, from)) return { ...changed, effect: 'locked' };
  if (to.days !== from.days) return { ...changed, effect: to.days < from.days ? 'earlier' : 'later' };
  return to.lock === from.lock ? undefined : { ...changed, effect: 'firmer' };
}

function nameOf({ class: name, effect, from, to }: PolicyEffect): string {
  return [name, effect, from.days, to?.days ?? null].join(' ');
}

function together(before: PolicyChange | undefined, effect: PolicyEffect): PolicyChange {
  const { class: name, effect: what, from, to, expires_from: first_from, expires_to: first_to } = effect;
  if (before === undefined)
    return {
      class: name,
      effect: what,
      from_days: from.days,
      to_days: to?.days ?? null,
      builds: 1,
      objects: 0,
      bytes: 0,
      first_from,
      first_to,
    };
  const earliest = before.first_from < first_from ? before : { first_from, first_to };
  return { ...before, builds: before.builds + 1, first_from: earliest.first_from, first_to: earliest.first_to };
}
