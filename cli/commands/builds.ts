import { type BuildsDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { type Answer } from '../answer.ts';
import { buildLine } from '../build-line.ts';
import { type Embedded } from '../embedded.ts';
import { table } from '../render/table.ts';

/** `builds <builder>`: its builds, the newest first. */
export async function builds(embedded: Embedded, builder: BuilderName, page: { limit: number; cursor?: string }): Promise<Outcome<Answer>> {
  const listed = await embedded.records.listBuilds(builder, page);
  const document: BuildsDocument = { builder, builds: listed.items.map(buildLine), cursor: listed.cursor ?? null };
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
      ? `no build of ${builder} was asked for yet`
      : table(['build', 'state', 'code', 'rule', 'attempts', 'requested', 'by'], rows);
  return success({
    exitCode: 0,
    document,
    text:
      listed.cursor === undefined
        ? text
        : `${text}\n\nmore with: hybridcore-packer builds ${builder} --limit ${page.limit} --cursor ${listed.cursor}`,
  });
}
