import { type NamedHome, keptHome } from '../../adapters/aws/kept-home.ts';
import { systemClock } from '../../adapters/local/system.ts';
import { type Config } from '../../core/config.ts';
import { outputs } from '../../core/contract/deployment.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { plainText } from '../../core/packer-log/plain-text.ts';
import { type WantedPolicy } from '../../core/retention/apply-policy.ts';
import { type BucketAudit, auditBucket } from '../../core/retention/bucket-audit.ts';
import { bucketChangePorts, bucketPlanPorts } from '../../core/retention/bucket-change.ts';
import { holdInBucket, releaseInBucket } from '../../core/retention/bucket-hold.ts';
import { type RetentionBucketAuditDocument } from '../../core/retention/documents.ts';
import { type Answer, paint } from '../answer.ts';
import { findBuild } from '../find-build.ts';
import { type GlobalOptions, type Host } from '../host.ts';
import { table } from '../render/table.ts';
import { retentionApply, retentionPlan } from './retention-plan.ts';
import { heldText, holdDocument, more, mostTold } from './retention.ts';

/** Where a deployed home is, as a person names it. */
export interface DeployedHome extends GlobalOptions {
  readonly bucket?: string;
  readonly table?: string;
}

/**
 * `retention audit --bucket NAME --table NAME`: a bucket of S3 against the records and the policy, with the caller's own
 * credentials; exit code 3 on any finding.
 */
export async function retentionBucketAudit(
  host: Host,
  { retention }: Config,
  home: DeployedHome,
  { deep }: { readonly deep: boolean },
): Promise<Outcome<Answer>> {
  const named = namedHome(home);
  if (!named.ok) return named;
  const at = systemClock.now();
  const audit = await auditBucket({ ...keptHome(named.value), clock: { now: () => at } }, retention, { deep });
  const { bucket } = named.value;
  const document: RetentionBucketAuditDocument = {
    exit_code: audit.findings.length === 0 ? 0 : 3,
    at: timestamp(at),
    policy_digest: digestOfJson(retention),
    deep,
    bucket,
    versions: audit.versions,
    looked: audit.looked,
    findings: audit.findings.map((finding) => ({ ...finding })),
  };
  return success({ exitCode: document.exit_code, document, text: bucketAuditText(host, bucket, audit) });
}

/** `retention hold|release <build> --bucket NAME --table NAME`: S3's own legal hold on all versions of what a build left. */
export async function retentionBucketHold(
  home: DeployedHome,
  typed: string,
  { hold, by, reason }: { readonly hold: boolean; readonly by: string; readonly reason: string },
): Promise<Outcome<Answer>> {
  const named = namedHome(home);
  if (!named.ok) return named;
  const ports = { ...keptHome(named.value), clock: systemClock };
  const found = await findBuild(ports, typed);
  if (!found.ok) return found;
  const done = await (hold ? holdInBucket : releaseInBucket)(ports, found.value.build_id, by, reason);
  if (!done.ok) return done;
  const { build, versions } = done.value;
  const what = `${versions} ${versions === 1 ? 'version' : 'versions'} in ${named.value.bucket}`;
  return success({
    exitCode: 0,
    document: holdDocument(build, versions),
    text: hold
      ? `build ${build.build_id} ${heldText(build)} (a legal hold on ${what})`
      : `build ${build.build_id} is held no more: it expires as its class says (${what})`,
  });
}

/** `retention plan --bucket NAME --table NAME` */
export async function retentionBucketPlan(config: Config, home: DeployedHome): Promise<Outcome<Answer>> {
  const named = namedHome(home);
  return named.ok ? retentionPlan(bucketPlanPorts(keptHome(named.value)), config, 'deployed') : named;
}

/** `retention apply --bucket NAME --table NAME`: the records, and the locks of what is locked; the bucket's rules are deployed. */
export async function retentionBucketApply(config: Config, home: DeployedHome, wanted: WantedPolicy): Promise<Outcome<Answer>> {
  const named = namedHome(home);
  if (!named.ok) return named;
  const kept = { ...keptHome(named.value), clock: systemClock };
  return retentionApply({ ...bucketPlanPorts(kept), ...bucketChangePorts(kept, config.retention) }, config, wanted);
}

/** Both names of a deployed home. */
export function namedHome({ bucket, table: records, home }: DeployedHome): Outcome<NamedHome> {
  return bucket === undefined || records === undefined || home !== undefined
    ? failure(
        'USAGE',
        'a deployed home is named by its bucket and its table, both, and by no folder',
        `give --bucket and --table as the outputs ${outputs.bucket} and ${outputs.table} of the stack have them, without --home`,
      )
    : success({ bucket, table: records });
}

/** What an audit of a bucket found, as a person reads it. */
export function bucketAuditText({ terminal: { out } }: Host, bucket: string, { versions, looked, findings }: BucketAudit): string {
  const rows = findings.slice(0, mostTold).map(({ finding, class: name, message }) => [finding, name ?? '-', plainText(message)]);
  const read = looked === versions ? 'at the tags and locks of all' : `at the tags and locks of ${looked} (--deep looks at all)`;
  return [
    ...(rows.length === 0 ? [] : [table(['finding', 'class', 'what'], rows), ...more(findings.length), '']),
    `${findings.length === 0 ? paint(out, 'green', 'nothing found') : paint(out, 'red', `${findings.length} found`)}: looked at ${versions} versions in ${bucket}, and ${read}`,
  ].join('\n');
}
