import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it, onTestFinished } from 'vitest';

import { operations } from '../../core/api/operations.ts';
import { DispatchDocument } from '../../core/documents.ts';
import { fileTemplate, rig } from '../fixtures/rig.ts';

const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');

it('schemas/openapi.json is a document of OpenAPI 3.1, as somebody else reads it', async () => {
  const document = JSON.parse(await readFile(new URL('../../schemas/openapi.json', import.meta.url), 'utf8')) as Record<string, unknown>;
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  expect((await validator.validate({ ...document, paths: { '/builders': { get: { responses: 5 } } } })).valid).toBe(false);
});

it('docs/api.md names every operation', () => {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  for (const { method, path } of Object.values(operations)) {
    // A row may name several: `GET /builds/{id}/result`, `/summary`.
    const [place, last] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/'))];
    const row = rows.find(
      (each) => each.includes(`${method} ${path}\``) || (each.includes(`${method} ${place}/`) && each.includes(`\`${last}\``)),
    );
    expect(row, `${method} ${path}`).toBeDefined();
  }
});

it('docs/api.md asks with curl as it says', async () => {
  const images = await rig({
    'hybridcore.yaml': 'version: 1\nbuilders:\n  motd: { template: motd }\n',
    'motd/motd.pkr.hcl': fileTemplate('out/motd.txt', '${path.root}/run.sh'),
    'motd/run.sh': '#!/bin/sh\nexit 0\n',
  });
  const serving = images.start(['serve', '--port', '0']);
  onTestFinished(() => void serving.process.kill('SIGKILL'));
  let said = '';
  serving.process.stderr?.on('data', (line: string) => (said += line));
  await serving.says(/serving \d+ builders? at http/);
  const address = /at (http:\/\/127\.0\.0\.1:\d+);/.exec(said)?.[1] ?? '';
  const [, block = ''] = /```sh\n(token=[^]*?)```/.exec(text) ?? [];
  const { stdout } = await promisify(execFile)('sh', ['-c', block.replaceAll('http://127.0.0.1:8642', address)], { cwd: images.root });
  const { dispatched } = DispatchDocument.parse(JSON.parse(stdout));
  expect(dispatched).toMatchObject({ builder: 'motd', how: 'accepted' });
});
