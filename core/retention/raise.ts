import { type Build } from '../build.ts';
import { type Outcome, failure, success } from '../failure.ts';
import { findBuild } from '../find-build.ts';
import { reasonFault } from '../given-reason.ts';
import { type BuildId, callerNamed, timestamp } from '../identity.ts';
import { type Clock, type KeptObjects, type Records } from '../ports.ts';
import { mostRaises } from './build-retention.ts';
import { buildTerms } from './build-terms.ts';
import { type RetentionClass, type RetentionPolicy, keepsAtLeast, retentionTerms } from './policy.ts';

export interface RaisePorts {
  readonly records: Records;
  readonly kept: Pick<KeptObjects, 'giveClass'>;
  readonly clock: Clock;
}

/**
 * Raises the class of a build that has ended. The record says so first, with who, when and why: from then on nothing of it goes
 * before the new class lets it. Then its objects get the class as a tag, and the record says that they have. What a crash left
 * half done is finished by asking for the same class again, and by the next sweep.
 *
 * A class is higher where it keeps as many days or more and is locked as firmly or more so (none, GOVERNANCE, COMPLIANCE): one
 * that is longer and not locked is not higher than one with a lock. The log summary is sealed, and keeps saying what the build was
 * accepted with.
 *
 * @returns the build; RAISE_REFUSED where the class is unknown or not higher, the build has not ended, or its objects are
 *   going; BUILD_UNKNOWN or REQUEST_INVALID.
 */
export async function raiseClass(
  ports: RaisePorts,
  policy: RetentionPolicy,
  id: BuildId,
  wanted: { readonly class: string; readonly by: string; readonly reason: string },
): Promise<Outcome<Build>> {
  const fault = reasonFault(wanted.reason, { message: 'this needs a reason', remedy: 'say with --reason why, for who looks at it later' });
  if (fault !== undefined) return { ok: false, failure: fault };
  for (;;) {
    const found = await findBuild(ports.records, id);
    if (!found.ok) return found;
    const before = found.value;
    const last = before.raises.at(-1);
    if (last !== undefined && last.to === wanted.class && last.tagged_at === null) return success(await finishRaise(ports, before));
    const raised = raisedBuild(before, policy, wanted, ports.clock.now());
    if (!raised.ok) return raised;
    const { committed } = await ports.records.commit([{ type: 'build', expected: before.version, document: raised.value }]);
    if (committed) return success(await finishRaise(ports, raised.value));
  }
}

/** Gives all objects of a build the class that its record says, where a raise was not carried out to its end; else does nothing. */
export async function finishRaise({ records, kept, clock }: RaisePorts, build: Build): Promise<Build> {
  const last = build.raises.at(-1);
  if (last === undefined || last.tagged_at !== null) return build;
  await kept.giveClass(build.build_id, build.retention);
  const raises = [...build.raises.slice(0, -1), { ...last, tagged_at: timestamp(clock.now()) }];
  const document: Build = { ...build, version: build.version + 1, raises };
  if ((await records.commit([{ type: 'build', expected: build.version, document }])).committed) return document;
  // Somebody else wrote meanwhile: a hold, or the same raise.
  const current = await records.readBuild(build.build_id);
  return current === undefined ? build : finishRaise({ records, kept, clock }, current);
}

function raisedBuild(
  build: Build,
  policy: RetentionPolicy,
  { class: name, by, reason }: { readonly class: string; readonly by: string; readonly reason: string },
  now: number,
): Outcome<Build> {
  const { build_id: id } = build;
  if (!Object.hasOwn(policy.classes, name))
    return refused(`the policy has no retention class ${name}`, `name one of: ${Object.keys(policy.classes).join(', ')}`);
  const present = buildTerms(build, policy);
  if (present === undefined) return refused(`the build ${id} has not ended`, 'ask again when it has: hybridcore-packer status');
  if (build.expired !== null)
    return refused(
      `what the build ${id} left has expired, and goes since ${build.expired.at}`,
      'see what is left of it: hybridcore-packer retention audit',
    );
  const { expires_at: _, ...from } = present;
  const to = retentionTerms(policy, name);
  const is = `the build ${id} is of the class ${build.retention} (${termsOf(from)})`;
  if (!keepsAtLeast(to, from))
    return refused(
      `${is}, and ${name} (${termsOf(to)}) would keep it for less, or less firmly`,
      'retention is raised, never lowered: name a class with as many days or more, and as firm a lock',
    );
  if (build.retention === name && keepsAtLeast(from, to)) return refused(is, 'nothing is to be done');
  if (build.raises.length >= mostRaises)
    return refused(`${is}, and was raised ${mostRaises} times already`, 'put it under a legal hold: hybridcore-packer retention hold');
  const raise = { at: timestamp(now), by: callerNamed(by), reason, from: build.retention, from_terms: from, to: name, tagged_at: null };
  return success({ ...build, version: build.version + 1, retention: name, retention_terms: to, raises: [...build.raises, raise] });
}

function refused(message: string, remedy: string): Outcome<never> {
  return failure('RAISE_REFUSED', message, remedy);
}

/** A class as a person reads it. */
function termsOf({ days, lock }: RetentionClass): string {
  return `${days} ${days === 1 ? 'day' : 'days'}, ${lock === undefined ? 'no lock' : `lock ${lock}`}`;
}
