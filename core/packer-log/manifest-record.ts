import { type Artifact } from '../artifact.ts';
import { type Outcome, failure, success } from '../failure.ts';
import * as z from '../zod.ts';

const RecordedBuild = z.object({
  name: z.string(),
  builder_type: z.string(),
  files: z.nullable(z.array(z.object({ name: z.string() }))),
  artifact_id: z.string(),
  packer_run_uuid: z.string(),
});

/** What packer's manifest post-processor writes (post-processor/manifest/artifact.go). */
const ManifestRecord = z.object({ builds: z.nullable(z.array(RecordedBuild)), last_run_uuid: z.string() });

/** The last run that a record tells of; null where there is no record yet, or none that can be read. */
export function lastRunOf(text: string): string | null {
  return parse(text)?.last_run_uuid ?? null;
}

/**
 * The artifacts that the newest run recorded. The post-processor appends, so those of earlier runs are left out,
 * and there are none where the newest run is still the one from before. A record that cannot be read (cut short,
 * or not packer's) is a failure with the rule STORAGE.
 */
export function parseManifestRecord(text: string, before: { readonly last_run_uuid: string | null }): Outcome<readonly Artifact[]> {
  const record = parse(text);
  if (record === undefined) {
    return failure(
      'STORAGE',
      'the file of the manifest post-processor is not a manifest that packer writes',
      'Remove the file: the next build writes it anew. If it breaks again, let each build write a file of its own.',
    );
  }
  const run = record.last_run_uuid;
  if (run === before.last_run_uuid) return success([]);
  return success((record.builds ?? []).filter((build) => build.packer_run_uuid === run).map(artifactOf));
}

function artifactOf(build: z.infer<typeof RecordedBuild>): Artifact {
  return {
    id: build.artifact_id,
    type: build.builder_type,
    builder_id: null,
    name: build.name,
    files: (build.files ?? []).map((file) => file.name),
  };
}

function parse(text: string): z.infer<typeof ManifestRecord> | undefined {
  try {
    return ManifestRecord.safeParse(JSON.parse(text)).data;
  } catch {
    // JSON.parse throws a SyntaxError for what is no JSON; nothing else throws here.
    return undefined;
  }
}
