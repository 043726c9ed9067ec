import { type BuilderRecord } from './builder-record.ts';
import { type Failure, type Outcome, failure, success } from './failure.ts';
import { reasonFault } from './given-reason.ts';
import { type BuilderName, callerNamed, timestamp } from './identity.ts';
import { type Clock, type Records } from './ports.ts';

/** What a request for a quarantined builder is told: why it is closed, who released it last, and how to release it. */
export function quarantineFailure(builder: BuilderRecord, quarantine: NonNullable<BuilderRecord['quarantine']>): Failure {
  const { released } = builder;
  const history =
    released === null ? 'it was never released before' : `it was last released by ${released.by} at ${released.at}: ${released.reason}`;
  return {
    rule: 'BUILDER_QUARANTINED',
    message: `${builder.builder} is quarantined since ${quarantine.since} by build ${quarantine.build_id}: ${quarantine.rule}: ${quarantine.reason}; ${history}`,
    remedy: `when the cause is mended: hybridcore-packer quarantine release ${builder.builder} --reason "..."`,
    evidence: quarantine.evidence,
  };
}

/** Opens a quarantined builder again. Who did it and why stays in the records. */
export async function releaseQuarantine(
  ports: { readonly records: Records; readonly clock: Clock },
  name: BuilderName,
  by: string,
  reason: string,
): Promise<Outcome<BuilderRecord>> {
  const fault = reasonFault(reason, {
    message: 'a release needs a reason',
    remedy: 'say with --reason what was found and what was done about it',
  });
  if (fault !== undefined) return { ok: false, failure: fault };
  for (;;) {
    const before = await ports.records.readBuilder(name);
    if (before === undefined)
      return failure(
        'REQUEST_INVALID',
        `no build of ${name} was ever asked for, so it is not quarantined`,
        'see `hybridcore-packer quarantine list`',
      );
    if (before.quarantine === null)
      return failure('REQUEST_INVALID', `${name} is not quarantined`, 'see `hybridcore-packer quarantine list`');
    const after: BuilderRecord = {
      ...before,
      version: before.version + 1,
      quarantine: null,
      released: { at: timestamp(ports.clock.now()), by: callerNamed(by), reason, build_id: before.quarantine.build_id },
    };
    const commit = await ports.records.commit([{ type: 'builder', expected: before.version, document: after }]);
    if (commit.committed) return success(after);
  }
}
