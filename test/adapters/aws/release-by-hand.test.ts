import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { dynamoRecords } from '../../../adapters/aws/dynamo-records.ts';
import { type BuilderRecord } from '../../../core/builder-record.ts';
import { BuildId, BuilderName } from '../../../core/identity.ts';
import { describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { type Moto, describeWithMoto, startMoto } from '../../fixtures/aws/moto.ts';
import { makeTable } from '../../fixtures/aws/table.ts';

describeWithMoto('a builder that is released as the runbook says', () => {
  describeWithAwsCommandLine('with the aws command alone', () => {
    let moto: Moto;
    let folder: string;
    beforeAll(async () => {
      moto = await startMoto();
      folder = await mkdtemp(join(tmpdir(), 'release-'));
    });
    afterAll(async () => {
      await moto.end();
      await rm(folder, { recursive: true });
    });

    const name = BuilderName.parse('debian-base');
    const build_id = BuildId.parse('01J9Z3K4M5N6P7Q8R9S0T1V2W3');

    it('is open, and says who released it and why; where nothing is closed, nothing is written', async () => {
      const client = new DynamoDBClient(moto.clientOptions);
      const table = await makeTable(client);
      const records = dynamoRecords(client, table);
      const document: BuilderRecord = {
        schema: 'hybridcore-packer/builder/1',
        version: 1,
        builder: name,
        current: null,
        queue: [],
        last: build_id,
        newest: null,
        quarantine: { build_id, since: '2026-11-25T10:00:00.000Z', rule: 'SECRET_IN_INPUTS', reason: 'a “secret”', evidence: [] },
        released: null,
        chain_begins: null,
      };
      expect(await records.commit([{ type: 'builder', expected: null, document }])).toMatchObject({ committed: true });
      const runbook = await readFile(resolve(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
      const [, script = ''] = /### Releasing a builder without the API.*?```sh\n(.*?)```/s.exec(runbook) ?? [];
      const run = () =>
        promisify(execFile)('bash', ['-c', `output() { echo ${table}; }\n${script}`], {
          cwd: folder,
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...moto.environment },
        });
      await run();
      const released = await records.readBuilder(name);
      expect(released).toEqual({
        ...document,
        version: 2,
        quarantine: null,
        released: {
          at: expect.any(String),
          by: expect.stringMatching(/^arn:/),
          reason: 'join token rotated, leak.sh removed in 4f2c1aa',
          build_id,
        },
      });
      await expect(run()).rejects.toMatchObject({ stdout: expect.stringContaining('false') });
      expect(await records.readBuilder(name)).toEqual(released);
    });
  });
});
