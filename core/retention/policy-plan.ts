import { type Build } from '../build.ts';
import { BuildId, type Timestamp } from '../identity.ts';
import { pages } from '../pages.ts';
import { type KeptObject } from '../ports.ts';
import { buildTerms } from './build-terms.ts';
import { type RetentionPolicy, keepsAtLeast } from './policy.ts';
import { type SweepPorts } from './sweep-plan.ts';

/**
 * What a changed policy would do to objects. `locked`: it would keep them for less or less firmly, and a lock forbids it.
 * `class-gone`: it does not have their class any more, so they stay as promised.
 */
export const policyEffects = ['earlier', 'later', 'locked', 'class-gone'] as const;

/** Objects of one class that were written under equal terms, and that the policy as it is now would keep otherwise. */
export interface PolicyChange {
  readonly class: string;
  readonly effect: (typeof policyEffects)[number];
  readonly from_days: number;
  /** Null where the class is gone. */
  readonly to_days: number | null;
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

/**
 * Compares the policy as it is now with what each build was promised, object by object. Changes nothing, and a sweep does not
 * heed it: what was promised counts. Objects of builds that have not ended, or that no record knows, are not in it; legal
 * holds are left out of the sum, since they end.
 */
export async function planPolicy({ records, kept }: SweepPorts, policy: RetentionPolicy): Promise<PolicyPlan> {
  const builds = new Map<string, Build | undefined>();
  const changes = new Map<string, PolicyChange>();
  let unchanged = 0;
  for await (const object of pages((page) => kept.listKept(page))) {
    const { build: id } = object.tags;
    const parsed = BuildId.safeParse(id);
    if (!builds.has(id)) builds.set(id, parsed.success ? await records.readBuild(parsed.data) : undefined);
    const build = builds.get(id);
    if (build === undefined || buildTerms(build, policy) === undefined) continue;
    const change = changeOf(build, policy, object);
    if (change === undefined) unchanged += 1;
    else {
      const name = [change.class, change.effect, change.from_days, change.to_days].join(' ');
      changes.set(name, together(changes.get(name), change));
    }
  }
  return { changes: [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change), unchanged };
}

/** Undefined where the policy keeps it as promised. */
function changeOf(build: Build, policy: RetentionPolicy, { size }: KeptObject): PolicyChange | undefined {
  const promised = buildTerms(build, policy);
  const present = buildTerms({ ...build, retention_terms: null }, policy);
  if (promised === undefined || present === undefined) return undefined;
  const about = { class: build.retention, from_days: promised.days, objects: 1, bytes: size, first_from: promised.expires_at };
  if (!Object.hasOwn(policy.classes, build.retention)) return { ...about, effect: 'class-gone', to_days: null, first_to: null };
  const to = { to_days: present.days, first_to: present.expires_at };
  if (promised.lock !== undefined && !keepsAtLeast(present, promised)) return { ...about, ...to, effect: 'locked' };
  if (present.days === promised.days) return undefined;
  return { ...about, ...to, effect: present.days < promised.days ? 'earlier' : 'later' };
}

function together(before: PolicyChange | undefined, change: PolicyChange): PolicyChange {
  if (before === undefined) return change;
  const first = before.first_from < change.first_from ? before : change;
  return { ...first, objects: before.objects + change.objects, bytes: before.bytes + change.bytes };
}
