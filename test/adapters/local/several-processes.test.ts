import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

import { objectsContract } from '../../contracts/objects.ts';
import { recordsContract } from '../../contracts/records.ts';
import { type AdapterName, type RemotePorts } from '../../fixtures/remote-port/adapters.ts';
import { type Remote, portProcesses } from '../../fixtures/remote-port/remote-port.ts';

const processes = portProcesses(3);
afterAll(() => processes.end());

/** A store in a folder of its own, each client of it in another process than the one before. */
async function inSeveralProcesses<Name extends AdapterName>(adapter: Name) {
  const home = await realpath(await mkdtemp(path.join(tmpdir(), 'several-processes-')));
  const opened: Remote<RemotePorts[Name]>[] = [];
  return {
    async open() {
      const client = await processes.open(adapter, home);
      opened.push(client);
      return client;
    },
    async remove() {
      for (const client of opened) await client.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

recordsContract('SQLite, in several processes,', () => inSeveralProcesses('sqlite-records'));
objectsContract('a folder, in several processes,', () => inSeveralProcesses('file-objects'));
