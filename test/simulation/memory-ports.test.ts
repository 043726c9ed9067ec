import { describe, expect, it } from 'vitest';

import { type Artifact } from '../../core/artifact.ts';
import { artifactCheckContract } from '../contracts/artifact-check.ts';
import { longObjectsContract } from '../contracts/long-objects.ts';
import { objectsContract } from '../contracts/objects.ts';
import { recordsContract } from '../contracts/records.ts';
import { buildRecord } from '../fixtures/records.ts';
import { memoryObjects } from './memory-objects.ts';
import { memoryRecords } from './memory-records.ts';
import { simulatedAccount } from './simulated-account.ts';

recordsContract('memory', async () => {
  const records = memoryRecords({ validating: true });
  return { open: async () => records, remove: async () => undefined };
});

for (const versioned of [false, true])
  objectsContract(
    `memory ${versioned ? 'with' : 'without'} versions`,
    async () => {
      const objects = memoryObjects({ versioned, keepsRemoved: false });
      return { open: async () => objects, remove: async () => undefined };
    },
    { versioned },
  );

for (const versioned of [true, false])
  longObjectsContract(
    versioned ? 'a store in memory, with versions,' : 'a store in memory',
    async () => ({ objects: memoryObjects({ versioned, keepsRemoved: false }), remove: async () => undefined }),
    { versioned },
  );

artifactCheckContract('a simulated account', async () => {
  const image = (id: string): Artifact => ({ id, type: 'amazon-ebs', builder_id: 'mitchellh.amazonebs', name: 'x', files: [] });
  const account = simulatedAccount();
  account.make('us-east-1:ami-1', 100);
  account.make('us-east-1:ami-2', 200);
  return {
    check: account,
    made: ['us-east-1:ami-1', 'us-east-1:ami-2'].map(image),
    before: 99,
    after: 200,
    missing: image('us-east-1:ami-3'),
  };
});

describe('the listing of open builds, where it lags behind', () => {
  it('shows what was open then, and catches up', async () => {
    let now = 1000;
    const records = memoryRecords({ validating: true, lag: { by: 100, now: () => now } });
    const listed = async () => (await records.listOpenBuilds({ limit: 10 })).items.map((open) => open.build_id);
    const build = buildRecord(1);
    await records.commit([{ type: 'build', expected: null, document: build }]);
    expect(await listed()).toEqual([]);
    now += 100;
    expect(await listed()).toEqual([build.build_id]);
    await records.commit([{ type: 'build', expected: 1, document: { ...build, version: 2, settled_at: build.requested_at } }]);
    expect(await listed()).toEqual([build.build_id]);
    now += 100;
    expect(await listed()).toEqual([]);
  });
});
