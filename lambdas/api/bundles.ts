import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { type ApiDispatcher } from '../../core/api/dispatcher.ts';
import { type Build } from '../../core/build.ts';
import { type Config } from '../../core/config.ts';
import { type DiagPorts, makeBundle, storeBundle } from '../../core/diag/make-bundle.ts';
import { digestOf } from '../../core/digest.ts';
import { success } from '../../core/failure.ts';

/** Makes the diag bundle of a build and stores it. This function knows no secret by its value: the hook finds those by their shape. */
export async function bundle(known: Omit<DiagPorts, 'archive'>, config: Config, build: Build): ReturnType<ApiDispatcher['bundle']> {
  const ports = { ...known, archive: tarArchive };
  const made = await makeBundle(ports, config, build, []);
  if (!made.ok) return made;
  const { content } = made.value;
  return success({ path: await storeBundle(ports, build, content), digest: digestOf(content) });
}
