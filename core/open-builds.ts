import { type BuildId, type BuilderName } from './identity.ts';
import { type Records } from './ports.ts';

/** How many open builds are listed at once. */
const pageSize = 100;

/** The builds that something is still to be done for, by builder. Reads none of them, so none can stand in the way of the others. */
export async function openBuilds({
  records,
}: {
  readonly records: Pick<Records, 'listOpenBuilds'>;
}): Promise<ReadonlyMap<BuilderName, readonly BuildId[]>> {
  const found = new Map<BuilderName, BuildId[]>();
  let cursor: string | undefined;
  do {
    const page = await records.listOpenBuilds({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    for (const { builder, build_id: id } of page.items) {
      const known = found.get(builder);
      if (known === undefined) found.set(builder, [id]);
      else known.push(id);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}
