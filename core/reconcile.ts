import { advance } from './advance.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { type BuilderName } from './identity.ts';
import { settle } from './settle.ts';
import { isFinal } from './states.ts';

/** Goes through everything that is open and does what is due: what a crash left, what waits, what nobody was told. */
export async function reconcile(ports: CompletePorts, config: Config): Promise<void> {
  const builders = new Set<BuilderName>();
  let cursor: string | undefined;
  do {
    const page = await ports.records.listOpenBuilds({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const build of page.items) {
      const builder = await ports.records.readBuilder(build.builder);
      if (builder !== undefined && isFinal(build.state)) await settle(ports, build, builder);
      else builders.add(build.builder);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  for (const builder of builders) await advance(ports, config, builder);
}
