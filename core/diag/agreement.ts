import { manifestDigest } from '../document-text.ts';
import { digestOf } from '../digest.ts';
import { HashManifest } from '../hash-manifest.ts';
import { LogSummary } from '../log-summary.ts';
import { Result } from '../result.ts';
import { expiresAt } from '../retention/policy.ts';
import { receivedLogDigest } from '../scrub/received-log.ts';
import { ScrubManifest } from '../scrub/scrub-manifest.ts';
import { DiagVerdicts } from './bundle-documents.ts';
import { type ReadBundle, documentIn } from './read-bundle.ts';

/**
 * Where the documents of a bundle contradict each other: nothing vouches for the index, so it is held against the files, and
 * they against each other. What the index itself calls altered is not asked.
 *
 * @returns a sentence for each contradiction.
 */
export function contradictions(bundle: ReadBundle): readonly string[] {
  const { index } = bundle;
  const believed = (path: string) => bundle.files.has(path) && !index.altered.some((file) => file.path === path);
  const found: string[] = [];
  const hold = (path: string, what: string, said: unknown, indexed: unknown) => {
    if (said !== indexed) found.push(`${path} has the ${what} ${String(said)}, and index.json ${String(indexed)}`);
  };

  const verdicts = documentIn(bundle, 'verdicts.json', DiagVerdicts);
  if (verdicts.ok) {
    hold('verdicts.json', 'build', verdicts.value.build_id, index.build_id);
    hold('verdicts.json', 'builder', verdicts.value.builder, index.builder);
    hold('verdicts.json', 'exit code', verdicts.value.build?.exit_code ?? null, index.exit_code);
    hold('verdicts.json', 'rule', verdicts.value.build?.classification.rule ?? null, index.rule);
  }
  for (const attempt of [1, 2]) {
    const [log, manifestPath] = [`attempt-${attempt}/packer.log`, `attempt-${attempt}/scrub-manifest.json`];
    if (!believed(log) || !believed(manifestPath)) continue;
    const scrubManifest = documentIn(bundle, manifestPath, ScrubManifest);
    const scrubbed = scrubManifest.ok ? receivedLogDigest(scrubManifest.value) : undefined;
    const digest = digestOf(bundle.files.get(log) ?? new Uint8Array());
    if (scrubbed !== undefined && scrubbed !== digest) found.push(`${log} has the digest ${digest}, and ${manifestPath} ${scrubbed}`);
  }
  const result = believed('result.json') ? documentIn(bundle, 'result.json', Result) : undefined;
  if (result?.ok === true) {
    hold('result.json', 'build', result.value.build_id, index.build_id);
    hold('result.json', 'builder', result.value.builder, index.builder);
    hold('result.json', 'state', result.value.state, index.state);
    hold('result.json', 'exit code', result.value.exit_code, index.exit_code);
    hold('result.json', 'rule', result.value.classification.rule, index.rule);
  }
  const summary = believed('summary.json') ? documentIn(bundle, 'summary.json', LogSummary) : undefined;
  if (summary?.ok !== true) return found;
  hold('summary.json', 'build', summary.value.build_id, index.build_id);
  hold('summary.json', 'builder', summary.value.builder, index.builder);
  hold('summary.json', 'state', summary.value.state, index.state);
  hold('summary.json', 'exit code', summary.value.exit_code, index.exit_code);
  const sealed = index.retention.changed_from ?? index.retention;
  hold('summary.json', 'retention class', summary.value.retention.class, sealed.class);
  hold('summary.json', 'expiry', summary.value.retention.expires_at, sealed.expires_at);
  const { retention, finished_at: ended } = summary.value;
  if (index.retention.changed_from === undefined) hold('summary.json', 'lock', retention.lock ?? 'none', index.retention.lock ?? 'none');
  const summed = expiresAt(retention, Date.parse(ended));
  if (summed !== retention.expires_at)
    found.push(`summary.json has the expiry ${retention.expires_at}, and ${retention.days} days after its end are over at ${summed}`);
  const manifest = believed('manifest.json') ? documentIn(bundle, 'manifest.json', HashManifest) : undefined;
  const digest = manifest?.ok === true ? manifestDigest(manifest.value) : undefined;
  if (digest !== undefined && digest !== summary.value.manifest?.digest)
    found.push(`manifest.json has the digest ${digest}, and summary.json names ${summary.value.manifest?.digest ?? 'none'}`);
  return found;
}
