import { keptHome } from '../../adapters/aws/kept-home.ts';
import { systemClock } from '../../adapters/local/system.ts';
import { type Config } from '../../core/config.ts';
import { digestOfJson } from '../../core/digest.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { timestamp } from '../../core/identity.ts';
import { auditBucket } from '../../core/retention/bucket-audit.ts';
import { type RetentionBucketReportDocument } from '../../core/retention/documents.ts';
import { notedBuilds } from '../../core/retention/noted-builds.ts';
import { type Answer } from '../answer.ts';
import { type Host } from '../host.ts';
import { table } from '../render/table.ts';
import { type DeployedHome, bucketAuditText, namedHome } from './retention-bucket.ts';
import { dayOf, notesOf, policyLines } from './retention-report.ts';
import { more, mostTold } from './retention.ts';

/**
 * `retention report --bucket NAME --table NAME`: what an auditor takes along of a deployed home; looks at the tags and locks of
 * all versions. Exit code 3 on any finding. @param typed the day from which on changes and expired objects are told.
 */
export async function retentionBucketReport(
  host: Host,
  { retention }: Config,
  home: DeployedHome,
  typed: string,
): Promise<Outcome<Answer>> {
  const at = systemClock.now();
  const [named, since] = [namedHome(home), dayOf(typed, at)];
  if (!named.ok) return named;
  if (!since.ok) return since;
  const kept = keptHome(named.value);
  const audit = await auditBucket({ ...kept, clock: { now: () => at } }, retention, { deep: true, since: since.value });
  const { rules, versioning } = audit.settings;
  const document: RetentionBucketReportDocument = {
    schema: 'hybridcore-packer/retention-bucket-report/1',
    exit_code: audit.findings.length === 0 ? 0 : 3,
    at: timestamp(at),
    since: timestamp(since.value),
    policy: retention,
    policy_digest: digestOfJson(retention),
    ...notesOf(await notedBuilds(kept.records, since.value), since.value),
    bucket: named.value.bucket,
    rules: rules.map((each) => ({ ...each })),
    versioning,
    classes: audit.classes.map((each) => ({ ...each })),
    expired: audit.expired.map((each) => ({ ...each, from: timestamp(each.from) })),
    findings: audit.findings.map((each) => ({ ...each })),
  };
  return success({
    exitCode: document.exit_code,
    document,
    text: `${reportText(document)}\n${bucketAuditText(host, named.value.bucket, audit)}`,
  });
}

function reportText(document: RetentionBucketReportDocument): string {
  const { at, since, bucket, classes, expired } = document;
  const { head, notes } = policyLines(document);
  const counts = classes.map((each) => [each.class ?? '-', String(each.versions), String(each.bytes), each.digest]);
  const gone = expired.slice(0, mostTold).map((each) => [each.from, each.class, each.key]);
  return [
    `retention in ${bucket} at ${at}, what has expired since ${since}`,
    ...head,
    ...(counts.length === 0 ? [] : [table(['class', 'versions', 'bytes', 'digest'], counts), '']),
    ...notes,
    ...(gone.length === 0 ? ['nothing has expired'] : [table(['could go from', 'class', 'key'], gone), ...more(expired.length)]),
    '',
  ].join('\n');
}
