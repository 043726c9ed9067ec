import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { jsonSchema, schemaNames } from '../../core/contract/schemas.ts';
import { staleSchemas, writeSchemas } from '../../scripts/generate-schemas.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schemas-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const all = [...schemaNames.map((name) => `${name}.schema.json`), 'openapi.json'].toSorted();

describe('generating schemas', () => {
  it('writes one file a schema: what the code says, as JSON that people can read', async () => {
    await writeSchemas(folder);
    expect((await readdir(folder)).toSorted()).toEqual(all);
    const text = await readFile(join(folder, 'result.schema.json'), 'utf8');
    expect(JSON.parse(text)).toEqual(jsonSchema('result'));
    expect(text).toMatch(/^\{\n {2}"\$schema": [^]*\}\n$/);
    expect(await staleSchemas(folder)).toEqual([]);
  });

  it('finds all stale where there is no folder', async () => {
    expect(await staleSchemas(join(folder, 'missing'))).toEqual(all);
  });

  it('finds a file that is missing, one that was changed and one of no schema, and mends all three', async () => {
    await writeSchemas(folder);
    await rm(join(folder, 'result.schema.json'));
    await writeFile(join(folder, 'config.schema.json'), '{}\n');
    await writeFile(join(folder, 'zebra.schema.json'), '{}\n');
    await writeFile(join(folder, 'openapi.json'), '{}\n');
    await writeFile(join(folder, 'of-another-kind.json'), '{}\n');
    expect(await staleSchemas(folder)).toEqual(['config.schema.json', 'openapi.json', 'result.schema.json', 'zebra.schema.json']);
    await writeSchemas(folder);
    expect(await staleSchemas(folder)).toEqual([]);
    expect((await readdir(folder)).toSorted()).toEqual([...all, 'of-another-kind.json'].toSorted());
  });
});
