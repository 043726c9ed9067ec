import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { readBuildspec } from '../../adapters/local/packaged-files.ts';
import { classifyRunRecord } from '../../core/classification/classify-run-record.ts';
import { variables } from '../../core/contract/variables.ts';
import { type RunRecord } from '../../core/run-record.ts';
import { consoleOf, ended, phase, startRequest, started, temporaryFolder, testService } from '../adapters/local/build-service-rig.ts';
import { describeWithAwsCommandLine } from '../fixtures/aws/aws-command-line.ts';
import { type Moto, describeWithMoto, startMoto } from '../fixtures/aws/moto.ts';
import { storedZip } from '../fixtures/stored-zip.ts';

const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? 'other';
const version = inject('packer').version.replace(/[-+].*/, '');
const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');

interface Ran {
  readonly record: RunRecord;
  readonly console: string;
  /** As `3 INSTALL_TAMPERED`, where it failed. */
  readonly verdict: string | undefined;
}

/** Runs the buildspec as it is, over the embedded service, with these variables of the project. */
async function run(projectVariables: Record<string, string>, environment: Record<string, string> = {}): Promise<Ran> {
  await using home = await temporaryFolder();
  const command = path.join(home.path, 'command');
  await writeFile(command, '#!/bin/sh\necho "attempt: $*"\ncommand -v packer\npacker version\n', { mode: 0o755 });
  const service = testService({
    home: home.path,
    buildspec: await readBuildspec(),
    // What is installed vanishes with the test.
    environment: { ...process.env, TMPDIR: home.path, no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1', ...environment },
    projectVariables: { [variables.command]: command, [variables.builder]: 'base', ...projectVariables },
  });
  const id = await started(service, startRequest('token'));
  const record = await ended(service, id);
  const verdict = record.status === 'FAILED' ? classifyRunRecord(record, 1) : undefined;
  return {
    record,
    console: await consoleOf(home.path, id),
    verdict: verdict === undefined ? undefined : `${verdict.exit_code} ${verdict.classification.rule}`,
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** HashiCorp's releases, with one of packer: the first requests are answered as given, the others with the zip file. */
async function releases(
  zip: Uint8Array,
  ...first: readonly Answer[]
): Promise<AsyncDisposable & { readonly address: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const answer = first[asked.length];
    asked.push(request.url ?? '');
    if (answer !== undefined) answer(request, response);
    else if (request.url === `/packer/${version}/packer_${version}_linux_${architecture}.zip`) response.end(zip);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answering =
  (status: number): Answer =>
  (_request, response) =>
    void response.writeHead(status).end('later');
const breakingOff: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000000' });
  response.write('PK', () => response.destroy());
};

/** A PATH with what a build image has, but for one program. */
async function pathWithout(missing: string, folder: string): Promise<string> {
  await mkdir(folder);
  for (const program of ['sh', 'mktemp', 'uname', 'sed', 'sha256sum', 'cut', 'chmod', 'rm', 'curl', 'unzip', 'aws']) {
    const directories = (process.env['PATH'] ?? '').split(path.delimiter);
    for (const directory of directories) {
      if (program === missing) continue;
      const there = await readFile(path.join(directory, program)).then(
        () => true,
        () => false,
      );
      if (there) {
        await symlink(path.join(directory, program), path.join(folder, program));
        break;
      }
    }
  }
  return folder;
}

describe.concurrent('the install phase, for packer', () => {
  let zip: Buffer;
  beforeAll(async () => {
    zip = storedZip('packer', await readFile(inject('packer').file));
  });
  const pin = (address: string, digest = sha256(zip)) => ({
    [variables.packerVersion]: version,
    [variables.packerDigest]: digest,
    [variables.packerReleases]: address,
  });

  it('puts the pinned release first on the path of the attempt', async () => {
    await using server = await releases(zip);
    const { record, console, verdict } = await run(pin(server.address));
    expect(verdict).toBeUndefined();
    expect(record.exported_variables).toStrictEqual({ [variables.exitStatus]: '0' });
    const lines = console.split('\n');
    expect(lines).toContain('attempt: attempt base');
    expect(lines[lines.indexOf('attempt: attempt base') + 1]).toMatch(/^\/.*\/packer$/);
    expect(lines[lines.indexOf('attempt: attempt base') + 1]).not.toBe(inject('packer').file);
    expect(console).toContain(`Packer v${inject('packer').version}`);
    expect(server.asked).toHaveLength(1);
  });

  it('leaves packer as it is where none is pinned', async () => {
    expect((await run({})).console).toContain('attempt: attempt base');
  });

  it.each([
    ['503 twice', [answering(503), answering(503)]],
    ['429, and then half of it', [answering(429), breakingOff]],
  ])('tries again where the server answers %s', async (_what, answers) => {
    await using server = await releases(zip, ...answers);
    const { record } = await run(pin(server.address));
    expect(record.status).toBe('SUCCEEDED');
    expect(server.asked).toHaveLength(3);
  });

  it('gives up after five tries, which the next attempt may heal', async () => {
    await using server = await releases(zip, ...Array.from({ length: 6 }, () => answering(503)));
    const { console, verdict, record } = await run(pin(server.address));
    expect(verdict).toBe('2 INSTALL_UNREACHABLE');
    expect(server.asked).toHaveLength(5);
    expect(console).toContain(
      `install: ${server.address}/packer/${version}/packer_${version}_linux_${architecture}.zip answers 503, five times.`,
    );
    expect(phase(record, 'BUILD')).toBeUndefined();
  });

  it('takes a server that is not there for one that may come back', async () => {
    const { address } = await releases(zip).then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    const { console, verdict } = await run(pin(address));
    expect(verdict).toBe('2 INSTALL_UNREACHABLE');
    expect(console).toContain('did not come through (curl 7)');
  });

  it('does not use what has another checksum, and calls for a person', async () => {
    await using server = await releases(zip);
    const { console, verdict, record } = await run(pin(server.address, 'a'.repeat(64)));
    expect(verdict).toBe('3 INSTALL_TAMPERED');
    expect(console).toContain(`has the checksum ${sha256(zip)}, and the pinned one is ${'a'.repeat(64)}.`);
    expect(phase(record, 'BUILD')).toBeUndefined();
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['there is no such release', async () => answering(404), {}, 'answers 404'],
    ['the server refuses it', async () => answering(403), {}, 'answers 403'],
    ['there is no checksum', async () => undefined, { [variables.packerDigest]: '' }, 'packer is not installed unchecked'],
  ])('fails at once where %s', async (_what, answer, change, said) => {
    const first = await answer();
    await using server = await releases(zip, ...(first === undefined ? [] : [first]));
    const { console, verdict } = await run({ ...pin(server.address), ...change });
    expect(verdict).toBe('1 INSTALL_INVALID');
    expect(console).toContain(said);
    expect(server.asked.length).toBe(first === undefined ? 0 : 1);
  });

  it.each(['curl', 'unzip'])('says that the build image lacks %s', async (program) => {
    await using server = await releases(zip);
    await using tools = await temporaryFolder();
    const { console, verdict } = await run(pin(server.address), { PATH: await pathWithout(program, path.join(tools.path, 'bin')) });
    expect(verdict).toBe('1 INSTALL_INVALID');
    expect(console).toContain(program);
  });

  it('does not show the password of a mirror', async () => {
    await using server = await releases(zip);
    const { console, verdict } = await run(pin(server.address.replace('//', '//user:opensesame@'), 'a'.repeat(64)));
    expect(verdict).toBe('3 INSTALL_TAMPERED');
    expect(console).not.toContain('opensesame');
  });
});

describe('the build phase', () => {
  it('exports the exit status of the attempt, and fails with it', async () => {
    await using tools = await temporaryFolder();
    const command = path.join(tools.path, 'command');
    await writeFile(command, '#!/bin/sh\nexit 2\n', { mode: 0o755 });
    const { record } = await run({ [variables.command]: command });
    expect(record.status).toBe('FAILED');
    expect(record.exported_variables).toStrictEqual({ [variables.exitStatus]: '2' });
    expect(phase(record, 'BUILD')?.contexts[0]?.message).toMatch(/Reason: exit status 2$/);
    expect(phase(record, 'POST_BUILD')?.status).toBe('SUCCEEDED');
  });
});

describe('the install phase, without a command', () => {
  it('fails where there is no bundle to fetch either', async () => {
    const { console, verdict } = await run({ [variables.command]: '' });
    expect(verdict).toBe('1 INSTALL_INVALID');
    expect(console).toContain('install: there is no command line');
  });

  describeWithMoto('and with a bundle in moto', () => {
    describeWithAwsCommandLine('which the aws command fetches', () => {
      const bundle = "#!/usr/bin/env node\nconst { argv } = require('node:process');\nconsole.log('bundle:', ...argv.slice(2));\n";
      let moto: Moto;
      beforeAll(async () => {
        moto = await startMoto();
        const client = new S3Client({ ...moto.clientOptions, forcePathStyle: true });
        await client.send(new CreateBucketCommand({ Bucket: 'assets' }));
        await client.send(new PutObjectCommand({ Bucket: 'assets', Key: 'command line.cjs', Body: bundle }));
      });
      afterAll(() => moto.end());
      const fetching = (change: Record<string, string> = {}) =>
        run(
          {
            [variables.command]: '',
            [variables.bundle]: 's3://assets/command line.cjs',
            [variables.bundleDigest]: sha256(bundle),
            ...change,
          },
          moto.environment,
        );

      it('makes it the command', async () => {
        const { record, console } = await fetching();
        expect(record.status).toBe('SUCCEEDED');
        expect(console.split('\n')).toContain('bundle: attempt base');
      });

      it('does not run one with another checksum', async () => {
        const { console, verdict } = await fetching({ [variables.bundleDigest]: 'b'.repeat(64) });
        expect(verdict).toBe('3 INSTALL_TAMPERED');
        expect(console).toContain(`has the checksum ${sha256(bundle)} and not ${'b'.repeat(64)}`);
        expect(console).not.toContain('bundle: ');
      });

      it.each(['s3://assets/none', 's3://no-such-bucket-anywhere/x'])('fails for good where %s is not there', async (address) => {
        const { console, verdict } = await fetching({ [variables.bundle]: address });
        expect(verdict).toBe('1 INSTALL_INVALID');
        expect(console).toContain(`install: ${address} cannot be had: `);
      });

      it('may come through the next time where S3 does not answer', async () => {
        const { console, verdict } = await run(
          { [variables.command]: '', [variables.bundle]: 's3://assets/x', [variables.bundleDigest]: sha256(bundle) },
          { ...moto.environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
        );
        expect(verdict).toBe('2 INSTALL_UNREACHABLE');
        expect(console).toContain('s3://assets/x did not come through');
      });
    });
  });

  it('says that the build image lacks the aws command', async () => {
    await using tools = await temporaryFolder();
    const { console, verdict } = await run(
      { [variables.command]: '', [variables.bundle]: 's3://assets/x', [variables.bundleDigest]: sha256('') },
      { PATH: await pathWithout('aws', path.join(tools.path, 'bin')) },
    );
    expect(verdict).toBe('1 INSTALL_INVALID');
    expect(console).toContain('the aws command is missing in this build image');
  });
});
