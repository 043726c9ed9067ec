import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { openApi } from '../core/api/open-api.ts';
import { jsonSchema, schemaNames } from '../core/contract/schemas.ts';

const suffix = '.schema.json';

/** The API, as others read it. */
const openApiFile = 'openapi.json';

/** The files of the JSON Schemas, and of the OpenAPI document, by name, each as it must be. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const documents = [...schemaNames.map((name) => [`${name}${suffix}`, jsonSchema(name)] as const), [openApiFile, openApi()] as const];
  return new Map(documents.map(([name, document]) => [name, `${JSON.stringify(document, null, 2)}\n`]));
}

/** Names the files of `folder` that are missing, differ from what the code says, or belong to no schema; in order. */
export async function staleSchemas(folder: string): Promise<readonly string[]> {
  const wanted = schemaFiles();
  const names = new Set([...wanted.keys(), ...(await schemaNamesIn(folder))]);
  const found = await Promise.all([...names].map(async (name) => [name, await textOf(join(folder, name))] as const));
  return found
    .filter(([name, text]) => text !== wanted.get(name))
    .map(([name]) => name)
    .toSorted();
}

/** Makes `folder` hold just the schemas of the code. Other kinds of files are left alone. */
export async function writeSchemas(folder: string): Promise<void> {
  const wanted = schemaFiles();
  await mkdir(folder, { recursive: true });
  const extra = (await schemaNamesIn(folder)).filter((name) => !wanted.has(name));
  await Promise.all(extra.map((name) => rm(join(folder, name))));
  await Promise.all([...wanted].map(([name, text]) => writeFile(join(folder, name), text)));
}

async function schemaNamesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(suffix));
  } catch (problem) {
    if (isMissing(problem)) return [];
    throw problem;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (problem) {
    if (isMissing(problem)) return undefined;
    throw problem;
  }
}

function isMissing(problem: unknown): boolean {
  return problem instanceof Error && 'code' in problem && problem.code === 'ENOENT';
}

if (import.meta.main) {
  const folder = resolve(import.meta.dirname, '..', 'schemas');
  if (process.argv.includes('--check')) {
    const stale = await staleSchemas(folder);
    if (stale.length > 0) {
      console.error(`schemas/ is not what the code says: ${stale.join(', ')}\nnode scripts/generate-schemas.ts writes it anew`);
      process.exitCode = 1;
    }
  } else {
    await writeSchemas(folder);
  }
}
