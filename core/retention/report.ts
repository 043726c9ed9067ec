import { type Digest, digestOfJson } from '../digest.ts';
import { allPages, pages } from '../pages.ts';
import { type Deletion } from '../ports.ts';
import { type Audit, type AuditPorts, auditHome } from './audit.ts';
import { type NotedBuilds, notedBuilds } from './noted-builds.ts';
import { type RetentionPolicy } from './policy.ts';

/** What an auditor takes along: what is kept by which policy, what is held, what went, and what is wrong. */
export interface RetentionReport extends NotedBuilds {
  /** Of all objects. */
  readonly audit: Audit;
  /** By name; the digest is over the canonical JSON of the keys with the digests of their objects, by key. */
  readonly classes: readonly { readonly class: string; readonly objects: number; readonly bytes: number; readonly digest: Digest }[];
  /** In the order in which they happened. */
  readonly deletions: readonly Deletion[];
}

/**
 * Reads all objects, as a deep audit does. Changes nothing.
 *
 * @param since milliseconds since 1970: from when on deletions and releases are told.
 */
export async function retentionReport(ports: AuditPorts, policy: RetentionPolicy, since: number): Promise<RetentionReport> {
  const audit = await auditHome(ports, policy, { deep: true });
  const kept = await allPages((page) => ports.kept.listKept(page));
  const byClass = Map.groupBy(kept, ({ tags }) => tags.retention);
  const deletions: Deletion[] = [];
  for await (const deletion of pages((page) => ports.kept.listDeletions(page)))
    if (Date.parse(deletion.at) >= since) deletions.push(deletion);
  return {
    audit,
    classes: audit.classes.map((each) => ({
      ...each,
      digest: digestOfJson((byClass.get(each.class) ?? []).map(({ key, digest }) => [key, digest])),
    })),
    ...(await notedBuilds(ports.records, since)),
    deletions,
  };
}
