import { type BuilderRecord } from '../../core/builder-record.ts';
import { type QuarantineDocument } from '../../core/documents.ts';
import { type Outcome, success } from '../../core/failure.ts';
import { type BuilderName } from '../../core/identity.ts';
import { releaseQuarantine } from '../../core/quarantine.ts';
import { allPages } from '../../core/pages.ts';
import { type Answer } from '../answer.ts';
import { type Embedded } from '../embedded.ts';
import { table } from '../render/table.ts';

/** `quarantine list`: the builders that take no build, with why. */
export async function quarantineList(embedded: Embedded): Promise<Outcome<Answer>> {
  return success(quarantineAnswer(documentOf(await allPages((page) => embedded.records.listBuilders(page)))));
}

/** Of some builders those that are quarantined, whichever dispatcher has them. */
export function quarantineAnswer({ builders }: QuarantineDocument): Answer {
  const closed = builders.filter((builder) => builder.quarantine !== null);
  const rows = closed.map(({ builder, quarantine }) => [
    builder,
    quarantine?.since ?? '',
    quarantine?.build_id ?? '',
    `${quarantine?.rule}: ${quarantine?.reason}`,
  ]);
  const text =
    rows.length === 0
      ? 'no builder is quarantined'
      : `${table(['builder', 'since', 'build', 'why'], rows)}\n\nrelease one with: hybridcore-packer quarantine release BUILDER --reason "what was found and done"`;
  return { exitCode: 0, document: { builders: closed }, text };
}

/** `quarantine release`: opens a builder again. */
export async function quarantineRelease(embedded: Embedded, name: BuilderName, by: string, reason: string): Promise<Outcome<Answer>> {
  const released = await releaseQuarantine(embedded, name, by, reason);
  if (!released.ok) return released;
  return success({ exitCode: 0, document: documentOf([released.value]), text: `${name} takes builds again; released by ${by}: ${reason}` });
}

function documentOf(builders: readonly BuilderRecord[]): QuarantineDocument {
  return { builders: builders.map(({ builder, quarantine, released }) => ({ builder, quarantine, released })) };
}
