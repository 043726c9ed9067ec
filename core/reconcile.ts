import { advance } from './advance.ts';
import { type CompletePorts } from './complete.ts';
import { type Config } from './config.ts';
import { type BuilderName } from './identity.ts';
import { settle } from './settle.ts';
import { isFinal } from './states.ts';

/**
 * Goes through everything that is open and does what is due: what a crash left, what waits, what nobody was told. What
 * goes wrong with one build or builder keeps none of the others from it.
 *
 * @returns what went wrong, each with its build or builder; the next sweep tries again.
 */
export async function reconcile(ports: CompletePorts, config: Config): Promise<readonly string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (cause) {
      problems.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  };
  const builders = new Set<BuilderName>();
  let cursor: string | undefined;
  do {
    const page = await ports.records.listOpenBuilds({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const build of page.items) {
      if (isFinal(build.state)) {
        await attempt(`build ${build.build_id}`, async () => {
          const builder = await ports.records.readBuilder(build.builder);
          if (builder !== undefined) await settle(ports, build, builder);
        });
      } else {
        builders.add(build.builder);
      }
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  for (const builder of builders) await attempt(`builder ${builder}`, () => advance(ports, config, builder));
  return problems;
}
