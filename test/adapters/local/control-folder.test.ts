import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { controlFolder } from '../../../adapters/local/control-folder.ts';
import { fileObjects } from '../../../adapters/local/file-objects.ts';
import { openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { controlContract } from '../../contracts/control.ts';
import { someTime } from '../../fixtures/records.ts';

controlContract('a folder', async () => {
  const home = await realpath(await mkdtemp(path.join(tmpdir(), 'control-folder-')));
  const objects = await fileObjects(home, await openDatabase(path.join(home, 'state', 'hybridcore.db')), () => someTime);
  return {
    control: controlFolder(home),
    tell: (run, word) => objects.tell(run, word, 'a reason'),
    async remove() {
      objects.close();
      await rm(home, { recursive: true, force: true });
    },
  };
});
