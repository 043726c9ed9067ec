import { type BuildId, type BuilderName } from './identity.ts';
import { pages } from './pages.ts';
import { type Records } from './ports.ts';

/** The builds that something is still to be done for, by builder. Reads none of them, so none can stand in the way of the others. */
export async function openBuilds({
  records,
}: {
  readonly records: Pick<Records, 'listOpenBuilds'>;
}): Promise<ReadonlyMap<BuilderName, readonly BuildId[]>> {
  const found = new Map<BuilderName, BuildId[]>();
  for await (const { builder, build_id: id } of pages((page) => records.listOpenBuilds(page))) {
    const known = found.get(builder);
    if (known === undefined) found.set(builder, [id]);
    else known.push(id);
  }
  return found;
}
