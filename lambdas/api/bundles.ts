import { tarArchive } from '../../adapters/local/tar-archive.ts';
import { type ApiDispatcher } from '../../core/api/dispatcher.ts';
import { type Build } from '../../core/build.ts';
import { type Config } from '../../core/config.ts';
import { type DiagPorts, type StorePorts, keepBundle } from '../../core/diag/make-bundle.ts';

/** Makes the diag bundle of a build and stores it. This function knows no secret by its value: the hook finds those by their shape. */
export async function bundle(
  known: Omit<DiagPorts & StorePorts, 'archive' | 'kept'>,
  config: Config,
  build: Build,
): ReturnType<ApiDispatcher['bundle']> {
  return keepBundle({ ...known, kept: null, archive: tarArchive }, config, build, []);
}
