import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openDatabase } from '../../../adapters/local/sqlite-database.ts';
import { sqliteRecords } from '../../../adapters/local/sqlite-records.ts';
import { type RecordWrite } from '../../../core/ports.ts';
import { newerRecordsContract } from '../../contracts/newer-records.ts';

const tables: Readonly<Record<RecordWrite['type'], string>> = {
  build: 'builds',
  builder: 'builders',
  variant: 'variants',
  channel: 'channels',
  'request-token': 'request_tokens',
  'stray-event': 'stray_events',
};

newerRecordsContract('SQLite', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sqlite-records-newer-'));
  const file = path.join(folder, 'hybridcore.db');
  const opened: { close(): void }[] = [];
  /** Works on the file behind the program's back. The tests store one document of the type that they ask for first. */
  const directly = <T>(work: (connection: DatabaseSync) => T): T => {
    const connection = new DatabaseSync(file);
    try {
      return work(connection);
    } finally {
      connection.close();
    }
  };
  return {
    async open() {
      const records = sqliteRecords(await openDatabase(file));
      opened.push(records);
      return records;
    },
    async makeNewer({ type }) {
      directly((connection) =>
        connection.exec(
          `UPDATE ${tables[type]} SET document = json_set(document, '$.schema', 'hybridcore-packer/${type}/2', '$.later', 1)
           WHERE rowid = (SELECT min(rowid) FROM ${tables[type]})`,
        ),
      );
    },
    stored: async ({ type }) =>
      directly((connection) => JSON.stringify(connection.prepare(`SELECT * FROM ${tables[type]} ORDER BY rowid LIMIT 1`).get())),
    async remove() {
      for (const records of opened) records.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
