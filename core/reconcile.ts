import { advance } from './advance.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { deliverNotices } from './finish.ts';
import { type BuilderName } from './identity.ts';
import { isFinal } from './states.ts';

/** Goes through everything that is open and does what is due: what a crash left, what waits, what nobody was told. */
export async function reconcile(ports: CompletePorts, config: Config): Promise<void> {
  const builders = new Set<BuilderName>();
  let cursor: string | undefined;
  do {
    const page = await ports.records.listOpenBuilds({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const build of page.items) {
      if (isFinal(build.state)) await deliverNotices(ports, build);
      else builders.add(build.builder);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  for (const builder of builders) await advance(ports, config, builder);
}
