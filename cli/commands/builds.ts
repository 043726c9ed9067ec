import { type BuildsDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type Answer } from '../answer.ts';
import { buildLine } from '../../core/build-line.ts';
import { type Embedded } from '../embedded.ts';
import { table } from '../render/table.ts';

/** `builds <builder>`: its builds, the newest first. */
export async function builds(embedded: Embedded, builder: BuilderName, page: { limit: number; cursor?: string }): Promise<Outcome<Answer>> {
  const listed = await embedded.records.listBuilds(builder, page);
  const document: BuildsDocument = { builder, builds: listed.items.map(buildLine), cursor: listed.cursor ?? null };
  return success(buildsAnswer(document, page.limit));
}

/** A page of builds, whichever dispatcher has them. */
export function buildsAnswer(document: BuildsDocument, limit: number): Answer {
  const rows = document.builds.map((build) => [
    build.build_id,
    build.state,
    `${build.exit_code ?? '-'}`,
    build.rule ?? '-',
    `${build.attempts}`,
    build.requested_at,
    build.requested_by,
  ]);
  const text =
    rows.length === 0
      ? `no build of ${document.builder} was asked for yet`
      : table(['build', 'state', 'code', 'rule', 'attempts', 'requested', 'by'], rows);
  return {
    exitCode: 0,
    document,
    text:
      document.cursor === null
        ? text
        : `${text}\n\nmore with: hybridcore-packer builds ${document.builder} --limit ${limit} --cursor ${document.cursor}`,
  };
}
