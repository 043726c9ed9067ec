import { type Build } from '../build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { findBuild } from '../find-build.ts';
import { type BuildId } from '../identity.ts';
import { buildTerms } from './build-terms.ts';
import { type ChangePorts, type WantedClass, finishChange, isHalfChanged, withChange } from './change.ts';
import { noteFault } from './note-reason.ts';
import { type RetentionClass, type RetentionPolicy, keepsAtLeast, retentionTerms } from './policy.ts';

/**
 * Raises the class of a build that has ended. The record says so first, with who, when and why: from then on nothing of it goes
 * before the new class lets it. Then its objects get the class as a tag, and the record says that they have. What a crash left
 * half done is finished by asking again, and on one machine by the next sweep.
 *
 * A class is higher where it keeps as many days or more and is locked as firmly or more so (none, GOVERNANCE, COMPLIANCE): one
 * that is longer and not locked is not higher than one with a lock. The log summary is sealed, and keeps saying what the build was
 * accepted with.
 *
 * @returns the build; RAISE_REFUSED where the class is unknown or not higher, the build has not ended, or its objects are
 *   going; BUILD_UNKNOWN or REQUEST_INVALID.
 */
export async function raiseClass(ports: ChangePorts, policy: RetentionPolicy, id: BuildId, wanted: WantedClass): Promise<Outcome<Build>> {
  const fault = noteFault(wanted.reason);
  if (fault !== undefined) return { ok: false, failure: fault };
  for (;;) {
    const found = await findBuild(ports.records, id);
    if (!found.ok) return found;
    const before = found.value;
    if (isHalfChanged(before)) {
      const obstacle = ports.obstacle(before, retentionTerms(policy, before.retention));
      if (obstacle !== undefined) return refused(`${obstacle.message}: the raise to ${before.retention} was cut off`, obstacle.remedy);
      const finished = await finishChange(ports, before);
      if (before.retention === wanted.class) return success(finished);
      continue;
    }
    const raised = raisedBuild(ports, before, policy, wanted);
    if (!raised.ok) return raised;
    const { committed } = await ports.records.commit([{ type: 'build', expected: before.version, document: raised.value }]);
    if (committed) return success(await finishChange(ports, raised.value));
  }
}

function raisedBuild(
  { obstacle: obstacleTo, clock }: Pick<ChangePorts, 'obstacle' | 'clock'>,
  build: Build,
  policy: RetentionPolicy,
  { class: name, by, reason }: WantedClass,
): Outcome<Build> {
  const { build_id: id } = build;
  if (!Object.hasOwn(policy.classes, name))
    return refused(`the policy has no retention class ${name}`, `name one of: ${Object.keys(policy.classes).join(', ')}`);
  const present = buildTerms(build, policy);
  if (present === undefined) return refused(`the build ${id} has not ended`, 'ask again when it has: hybridcore-packer status');
  const { expires_at: _, ...from } = present;
  const to = retentionTerms(policy, name);
  const obstacle = obstacleTo(build, to);
  if (obstacle !== undefined) return refused(obstacle.message, obstacle.remedy);
  const is = `the build ${id} is of the class ${build.retention} (${termsOf(from)})`;
  if (!keepsAtLeast(to, from))
    return refused(
      `${is}, and ${name} (${termsOf(to)}) would keep it for less, or less firmly`,
      'retention is raised, never lowered: name a class with as many days or more, and as firm a lock',
    );
  if (build.retention === name && keepsAtLeast(from, to)) return refused(is, 'nothing is to be done');
  return success(withChange(build, from, { class: name, terms: to, by, reason }, clock.now()));
}

function refused(message: string, remedy: string): Outcome<never> {
  return failure('RAISE_REFUSED', message, remedy);
}

/** A class as a person reads it. */
function termsOf({ days, lock }: RetentionClass): string {
  return `${days} ${days === 1 ? 'day' : 'days'}, ${lock === undefined ? 'no lock' : `lock ${lock}`}`;
}
