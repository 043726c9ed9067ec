import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';

import { BuildDocument, BuildersDocument, LogLinksDocument } from '../../core/api/api-documents.ts';
import { Problem } from '../../core/api/problem.ts';
import { DispatchDocument, StatusDocument } from '../../core/documents.ts';
import { Result } from '../../core/result.ts';
import { type Ended, type Rig, type Started, fileTemplate, rig } from '../fixtures/rig.ts';
import { publishedSchemaFaults } from './published-schema.ts';

const run = promisify(execFile);
const script = (line: string) => `#!/bin/sh\nset -eu\n${line}\n`;

interface Serving {
  readonly images: Rig;
  readonly address: string;
  readonly process: Started;
  /** The command line as a client of it, in another folder's name. */
  readonly ask: (...words: readonly string[]) => Promise<Ended>;
  /** `curl` with the token: the status and the document that came. */
  readonly curl: (path: string, ...options: readonly string[]) => Promise<{ readonly status: number; readonly document: unknown }>;
}

async function repository(): Promise<Rig> {
  return rig({
    'hybridcore.yaml':
      'version: 1\nbuilders:\n  base: { template: base, variables: [n] }\n  slow: { template: slow }\n  flaky: { template: flaky, retry: { delay: 5s } }\n',
    'base/base.pkr.hcl': `variable "n" {\n  default = ""\n}\n\n${fileTemplate('out/image.txt', '${path.root}/run.sh')}`,
    'base/run.sh': script('echo made of one piece'),
    'slow/slow.pkr.hcl': fileTemplate('out/slow.txt', '${path.root}/run.sh'),
    'slow/run.sh': script('echo it begins\nsleep 3'),
    'flaky/flaky.pkr.hcl': fileTemplate('out/flaky.txt', '${path.root}/run.sh'),
    'flaky/run.sh': script(
      'if [ -e "$(dirname "$0")/../was-there" ]; then exit 0; fi\ntouch "$(dirname "$0")/../was-there"\necho "curl: (7) Failed to connect to mirror.example: Connection refused" >&2\nexit 7',
    ),
  });
}

async function serving(images: Rig, ...options: readonly string[]): Promise<Serving> {
  const process = images.start(['serve', '--port', '0', ...options]);
  onTestFinished(() => void process.process.kill('SIGKILL'));
  let said = '';
  process.process.stderr?.on('data', (text: string) => (said += text));
  await process.says(/serving \d+ builders at http/);
  const address = /at (http:\/\/127\.0\.0\.1:\d+);/.exec(said)?.[1] ?? '';
  const token = async () => (await readFile(join(images.root, 'state/api-token'), 'utf8')).trim();
  return {
    images,
    address,
    process,
    ask: async (...words) => images.start(words, { environment: { HYBRIDCORE_API: address } }).ended,
    async curl(path, ...options) {
      const header = `authorization: Bearer ${await token()}`;
      const { stdout } = await run('curl', ['-sS', '-w', '\n%{http_code}', '-H', header, ...options, `${address}${path}`]);
      const at = stdout.lastIndexOf('\n');
      return { status: Number(stdout.slice(at + 1)), document: JSON.parse(stdout.slice(0, at)) as unknown };
    },
  };
}

const json = ['-X', 'POST', '-H', 'content-type: application/json', '-d'] as const;

describe('serve', { timeout: 120_000 }, () => {
  it('takes requests from its own client, which follows a build through its retry to its end', async () => {
    const { ask } = await serving(await repository());
    const waited = await ask('dispatch', 'flaky', '--wait', '--json');
    expect(waited.code, waited.stderr).toBe(0);
    expect(Result.parse(waited.json())).toMatchObject({ builder: 'flaky', state: 'succeeded', attempt: 2 });
    expect(waited.stderr).toMatch(/attempt 1 failed transiently .* the one retry comes at/);

    const asked = DispatchDocument.parse((await ask('dispatch', 'base', '--client-token', 'one', '--var', 'n=1', '--json')).json());
    const again = DispatchDocument.parse((await ask('dispatch', 'base', '--client-token', 'one', '--var', 'n=1', '--json')).json());
    expect(again.dispatched).toMatchObject({ build_id: asked.dispatched.build_id, how: 'known' });
    const result = Result.parse((await ask('dispatch', 'base', '--client-token', 'one', '--var', 'n=1', '--wait', '--json')).json());
    expect(result).toMatchObject({ build_id: asked.dispatched.build_id, state: 'succeeded' });

    const refused = await ask('dispatch', 'base', '--var', 'm=2', '--json');
    expect(refused.code).toBe(1);
    expect(refused.json()).toMatchObject({ classification: { rule: 'VARIABLE_NOT_ALLOWED' } });

    const id = asked.dispatched.build_id;
    expect((await ask('logs', id)).stdout).toContain('made of one piece');
    expect((await ask('diag', id, '--output', 'bundle.tar.gz', '--json')).json()).toMatchObject({
      path: 'bundle.tar.gz',
      index: { build_id: id },
    });
    expect((await ask('builds', 'base', '--json')).json()).toMatchObject({ builds: [{ build_id: id }], cursor: null });
    expect((await ask('publish', 'base', '--var', 'n=1', '--check', '--json')).json()).toMatchObject({ outcome: 'would-move' });
    expect((await ask('publish', 'base', '--var', 'n=1', '--json')).json()).toMatchObject({
      outcome: 'moved',
      published: { build_id: id },
    });
    const status = StatusDocument.parse((await ask('status', 'base', '--json')).json());
    expect(status.builders).toMatchObject([{ builder: 'base', last: { build_id: id }, channels: [{ channel: 'latest' }] }]);
    expect((await ask('quarantine', 'list', '--json')).json()).toEqual({ builders: [] });
  });

  it('answers curl, stops a build, and says of one under way what its console says', async () => {
    const { curl } = await serving(await repository());
    const asked = await curl('/builders/slow/builds', ...json, '{}');
    expect(asked.status).toBe(202);
    const { build_id: id } = DispatchDocument.parse(asked.document).dispatched;
    const log = async () => LogLinksDocument.parse((await curl(`/builds/${id}/log`)).document).attempts[0]?.live?.text ?? '';
    await expect.poll(log, { timeout: 20_000, interval: 100 }).toContain('it begins');
    expect((await curl(`/builds/${id}/result`)).document).toMatchObject({ code: 'BUILD_NOT_ENDED', status: 409 });
    expect((await curl(`/builds/${id}/stop`, '-X', 'POST')).status).toBe(202);
    const state = async () => BuildDocument.parse((await curl(`/builds/${id}`)).document).state;
    await expect.poll(state, { timeout: 30_000, interval: 200 }).toBe('stopped');
    expect((await curl(`/builds/${id}/result`)).document).toMatchObject({ state: 'stopped', exit_code: 1 });

    const first = BuildersDocument.parse((await curl('/builders?limit=2')).document);
    const rest = BuildersDocument.parse((await curl(`/builders?limit=2&cursor=${first.cursor}`)).document);
    expect([...first.builders, ...rest.builders].map(({ builder }) => builder)).toEqual(['base', 'flaky', 'slow']);
  });

  it('lets nobody in without its token, from a web page, or under another name', async () => {
    const { address, images } = await serving(await repository());
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`${address}/builders`, { headers });
      return Problem.parse(await response.json());
    };
    expect(await ask({})).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(await ask({ authorization: 'Bearer guessed' })).toMatchObject({ status: 401 });
    expect(await ask({ origin: 'https://example.com' })).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const { stdout } = await run('curl', ['-sS', '-H', 'host: images.example.com', `${address}/healthz`]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 403 });
    const token = join(images.root, 'state/api-token');
    expect((await stat(token)).mode & 0o777).toBe(0o600);
    await chmod(token, 0o644);
    const second = await images.run('serve', '--port', '0', '--json');
    expect(second).toMatchObject({ code: 1 });
    expect(second.json()).toMatchObject({ classification: { rule: 'API_REFUSED' } });
  });

  it('ends kindly, and whatever runs goes on: the next one gives its result', async () => {
    const images = await repository();
    const first = await serving(images, '--json');
    const { build_id: id } = DispatchDocument.parse((await first.ask('dispatch', 'slow', '--json')).json()).dispatched;
    await expect
      .poll(async () => BuildDocument.parse((await first.curl(`/builds/${id}`)).document).runs[0]?.run ?? null, {
        timeout: 20_000,
        interval: 100,
      })
      .not.toBeNull();
    // It waits for a request that is under way, unless it is told again.
    const halfway = connect(Number(new URL(first.address).port), '127.0.0.1', () => halfway.write('GET /healthz HTTP/1.1\r\nhost: '));
    halfway.on('error', () => undefined);
    await once(halfway, 'connect');
    first.process.process.kill('SIGTERM');
    await first.process.says(/stopping: what runs goes on/);
    expect(first.process.process.exitCode).toBeNull();
    first.process.process.kill('SIGTERM');
    await first.process.ended;
    expect(first.process.process.signalCode).toBe('SIGTERM');
    const second = await serving(images);
    const state = async () => BuildDocument.parse((await second.curl(`/builds/${id}`)).document).state;
    await expect.poll(state, { timeout: 30_000, interval: 200 }).toBe('succeeded');
  });

  it('says in a document of its schema that it has ended', async () => {
    const { process } = await serving(await repository(), '--json');
    process.process.kill('SIGTERM');
    const ended = await process.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(await publishedSchemaFaults('serve', ended.json())).toEqual([]);
  });

  it('is killed in the middle of a build, and loses none', async () => {
    const images = await repository();
    const first = await serving(images);
    const { build_id: id } = DispatchDocument.parse((await first.ask('dispatch', 'slow', '--json')).json()).dispatched;
    first.process.process.kill('SIGKILL');
    await first.process.ended;
    const second = await serving(images);
    const state = async () => BuildDocument.parse((await second.curl(`/builds/${id}`)).document).state;
    await expect.poll(state, { timeout: 30_000, interval: 200 }).toBe('succeeded');
  });
});
