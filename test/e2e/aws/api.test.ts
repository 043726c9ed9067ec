import { execFile, spawn } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BuildDocument, BuildersDocument, DiagLinkDocument, LogLinksDocument } from '../../../core/api/api-documents.ts';
import { Problem } from '../../../core/api/problem.ts';
import { BuildsDocument, DispatchDocument, PublishDocument } from '../../../core/documents.ts';
import { HashManifest } from '../../../core/hash-manifest.ts';
import { BuildId } from '../../../core/identity.ts';
import { LogSummary } from '../../../core/log-summary.ts';
import { Result } from '../../../core/result.ts';
import * as z from '../../../core/zod.ts';
import { type ApiGateway, type Caller, startApiGateway } from '../../fixtures/aws/api-gateway/api-gateway.ts';
import { startLambda } from '../../fixtures/aws/deployment/lambda-endpoint.ts';
import { buildProjects } from '../../fixtures/aws/deployment/build-project.ts';
import { aws, describeWithAwsCommandLine } from '../../fixtures/aws/aws-command-line.ts';
import { apiContract } from '../../contracts/api.ts';
import { commandLine } from '../../fixtures/command-line.ts';
import { describeWithMoto, motoRegion } from '../../fixtures/aws/moto.ts';
import { ebsBuilder, scriptBuilder } from '../../fixtures/aws/stage/image-repository.ts';
import { stageOfFile } from './stage-of-test.ts';

const run = promisify(execFile);

function callerWith(name: string, number: number, ...policies: readonly string[]): Caller {
  return {
    accessKeyId: `AKIAIOSFODNN7EXAMP${number}`,
    secretAccessKey: `wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE${number}`,
    arn: `arn:aws:iam::123456789012:user/${name}`,
    policies: policies.map((policy) => `RestApi${policy}Policy`),
  };
}
const callers = {
  asker: callerWith('asker', 10, 'Ask'),
  publisher: callerWith('publisher', 11, 'Publish'),
  releaser: callerWith('releaser', 12, 'Release'),
  auditor: callerWith('auditor', 13, 'Audit'),
  nobody: callerWith('nobody', 14),
  operator: callerWith('operator', 15, 'Ask', 'Publish', 'Release', 'Retain'),
  retainer: callerWith('retainer', 16, 'Retain'),
} as const;
type CallerName = keyof typeof callers;

describeWithMoto('the API on AWS', () => {
  describeWithAwsCommandLine('as deployed', () => {
    const stage = stageOfFile(() => ({
      builders: {
        image: ebsBuilder({ publish: { ssm_parameter: '/images/image/{channel}' } }),
        base: { ...scriptBuilder('quick', { variables: ['n'] }), template: 'base/base.json' },
        // In two pieces, so that no scanner takes this file for a leak.
        leaky: scriptBuilder('leaky'),
        slow: scriptBuilder('slow'),
      },
      scripts: { leaky: `# ${['ghp_', 'a1B2c3D4e5F6'.repeat(3)].join('')}`, slow: 'echo has begun\nsleep 60', quick: 'echo made' },
      files: {
        'base/base.json': JSON.stringify({
          variables: { n: '' },
          builders: [{ type: 'file', content: 'made', target: 'made.txt' }],
          'post-processors': [[{ type: 'shell-local', script: 'scripts/quick.sh', keep_input_artifact: true }]],
        }),
      },
    }));
    let api: ApiGateway;
    beforeAll(async () => {
      api = await startApiGateway({
        stack: stage().world.stack,
        callers: Object.values(callers),
        invoke: (event) => stage().invoke('api', event),
      });
    });
    afterAll(() => api[Symbol.asyncDispose]());

    /** `curl`, signing in the name of somebody. */
    async function signed(name: CallerName, path: string, ...options: readonly string[]) {
      const { accessKeyId, secretAccessKey } = callers[name];
      const signing = ['--aws-sigv4', `aws:amz:${motoRegion}:execute-api`, '--user', `${accessKeyId}:${secretAccessKey}`];
      const { stdout } = await run('curl', ['-sS', '-w', '\n%{content_type}\n%{http_code}', ...signing, ...options, `${api.url}${path}`]);
      const [status = '', type = '', ...body] = stdout.split('\n').toReversed();
      return { status: Number(status), headers: { 'content-type': type }, body: body.toReversed().join('\n') };
    }

    /** The status and the document that came. */
    async function curl(name: CallerName, path: string, ...options: readonly string[]) {
      const { status, headers, body } = await signed(name, path, ...options);
      return { status, type: headers['content-type'], document: JSON.parse(body) as unknown };
    }
    const json = (body: object) => ['-X', 'POST', '-H', 'content-type: application/json', '-d', JSON.stringify(body)];

    const logGroupOf = (builder: string) =>
      buildProjects(stage().world.stack).find(({ name }) => name === `stage_${builder}`)?.logGroup ?? 'none';

    /** A build that somebody has asked for with `curl`, once it has ended. */
    async function built(builder: string) {
      const asked = await curl('asker', `/builders/${builder}/builds`, ...json({}));
      expect(asked).toMatchObject({ status: 202, type: 'application/json' });
      const { dispatched } = DispatchDocument.parse(asked.document);
      await stage().pump();
      return stage().ended(dispatched.build_id ?? BuildId.parse(''));
    }

    describe('keeps the contract of both homes', () =>
      apiContract(() => ({
        by: callers.operator.arn,
        builders: ['base', 'image', 'leaky', 'slow'],
        send: (method, target, body) =>
          signed('operator', target, '-X', method, ...(body === undefined ? [] : ['-H', `content-type: ${body.type}`, '-d', body.text])),
        async until(id, holds) {
          for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
            await stage().pump();
            const build = BuildDocument.parse(JSON.parse((await signed('operator', `/builds/${id}`)).body));
            if (holds(build)) return build;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          throw new Error(`the build ${id} does not come to where it should`);
        },
      })));

    it('takes a request of who may ask, records who that is, and answers for the build until it is published outside', async () => {
      const build = await built('image');
      const id = build.build_id;
      expect(build).toMatchObject({ state: 'succeeded', requested_by: callers.asker.arn });
      const read = async (path: string) => (await curl('auditor', path)).document;
      expect(BuildDocument.parse(await read(`/builds/${id}`))).toMatchObject({ build_id: id, state: 'succeeded', exit_code: 0 });
      expect(Result.parse(await read(`/builds/${id}/result`))).toMatchObject({ build_id: id, exit_code: 0 });
      expect(LogSummary.parse(await read(`/builds/${id}/summary`))).toMatchObject({ build_id: id });
      expect(BuildersDocument.parse(await read('/builders?limit=2'))).toMatchObject({
        builders: [{ builder: 'base' }, { builder: 'image', last: id }],
      });
      expect(BuildsDocument.parse(await read('/builders/image/builds'))).toMatchObject({ builds: [{ build_id: id }], cursor: null });
      const manifest = HashManifest.parse(await read('/builders/image/manifest'));
      expect(manifest).toMatchObject({ build_id: id });

      const wanted = { fingerprint: manifest.fingerprint };
      const parameter = async () => {
        const asked = new SSMClient(stage().world.moto.clientOptions).send(new GetParameterCommand({ Name: '/images/image/latest' }));
        return asked.then(
          ({ Parameter }) => Parameter?.Value,
          () => undefined,
        );
      };
      const check = await curl('publisher', '/builders/image/publish', ...json({ ...wanted, check: true }));
      expect(PublishDocument.parse(check.document)).toMatchObject({ outcome: 'would-move', pointer: { set: false } });
      expect(await parameter()).toBeUndefined();
      const published = await curl('publisher', '/builders/image/publish', ...json(wanted));
      expect(PublishDocument.parse(published.document)).toMatchObject({
        outcome: 'moved',
        published: { build_id: id },
        pointer: { parameter: '/images/image/latest', set: true },
      });
      expect(await parameter()).toBe(manifest.artifacts[0]?.id.split(':')[1]);
      const drifted = await curl('publisher', '/builders/image/publish', ...json({ fingerprint: `sha256:${'0'.repeat(64)}` }));
      expect(drifted).toMatchObject({ status: 409, type: 'application/problem+json', document: { code: 'INPUTS_DRIFTED' } });
    });

    it('gives links to logs and bundles that anybody can follow, for a while', async () => {
      const [last] = BuildsDocument.parse((await curl('auditor', '/builders/image/builds')).document).builds;
      const log = LogLinksDocument.parse((await curl('auditor', `/builds/${last?.build_id}/log`)).document);
      const link = log.attempts[0]?.link;
      const content = Buffer.from(await (await fetch(link?.url ?? '')).arrayBuffer());
      expect(content.length).toBe(link?.size);
      expect(gunzipSync(content).toString()).toContain('amazon-ebs');
      expect(new URL(link?.url ?? '').searchParams.get('X-Amz-Expires')).toBe('900');
      expect(new URL(link?.url ?? '').searchParams.get('versionId')).toBeTruthy();
      const bundle = DiagLinkDocument.parse((await curl('auditor', `/builds/${last?.build_id}/diag`)).document);
      expect((await (await fetch(bundle.link.url)).arrayBuffer()).byteLength).toBe(bundle.link.size);
      expect(await stage().tags(bundle.path)).toMatchObject({ 'hybridcore:kind': 'diag' });
    });

    it('gives every version of what a build left its higher class, as a tag and as a lock', async () => {
      const [last] = BuildsDocument.parse((await curl('auditor', '/builders/image/builds')).document).builds;
      const raised = await curl('retainer', `/builds/${last?.build_id}/retention`, ...json({ class: 'evidence', reason: 'case 7' }));
      expect(raised).toMatchObject({ status: 200, document: { class: 'evidence', changes: [{ by: callers.retainer.arn }] } });
      const left = (await stage().keys('')).filter((key) => key.includes(last?.build_id ?? 'none'));
      expect(left.length).toBeGreaterThanOrEqual(6);
      for (const key of [...left, 'artifacts/image.hash.json', 'state/packer/logs/image.json']) {
        expect(await stage().tags(key), key).toMatchObject({ 'hybridcore:build': last?.build_id, 'hybridcore:retention': 'evidence' });
        const lock = await stage().lock(key);
        expect(lock?.mode, key).toBe('GOVERNANCE');
        expect((lock?.until ?? 0) - Date.now(), key).toBeGreaterThan(2554 * 86_400_000);
      }
    });

    it('lets each do what its policy says, and nothing else', async () => {
      const call = (path: string, ...options: readonly string[]): readonly [string, ...string[]] => [path, ...options];
      const ask = call('/builders/slow/builds', ...json({}));
      const publish = call('/builders/image/publish', ...json({ check: true, fingerprint: `sha256:${'0'.repeat(64)}` }));
      const release = call('/builders/image/quarantine/release', ...json({ reason: 'looked at' }));
      const retain = call(`/builds/${'7'.repeat(26)}/retention`, ...json({ class: 'evidence', reason: 'case 7' }));
      const read = call('/builders/image');
      const may = {
        asker: [ask, read],
        publisher: [publish, read],
        releaser: [release, read],
        retainer: [retain, read],
        auditor: [read],
        nobody: [],
      };
      const refused: string[] = [];
      for (const name of ['asker', 'publisher', 'releaser', 'retainer', 'auditor', 'nobody'] as const)
        for (const asked of [publish, release, retain, read, ...(name === 'asker' ? [] : [ask])]) {
          const { status, document } = await curl(name, ...asked);
          const allowed: readonly (readonly string[])[] = may[name];
          if (allowed.includes(asked)) expect(status, `${name} ${asked[0]}`).not.toBe(403);
          else refused.push(`${name} ${asked[0]} ${status} ${Problem.parse(document).code}`);
        }
      expect(refused.filter((line) => !line.endsWith(' 403 FORBIDDEN'))).toEqual([]);
      expect(refused).toHaveLength(21);
    });

    it('lets nobody in without a signature, or with another one', async () => {
      const unsigned = await fetch(`${api.url}/builders`);
      expect([unsigned.status, Problem.parse(await unsigned.json()).code]).toEqual([401, 'UNAUTHORIZED']);
      const signing = ['--aws-sigv4', `aws:amz:${motoRegion}:execute-api`, '--user', `${callers.asker.accessKeyId}:another`];
      const { stdout } = await run('curl', ['-sS', ...signing, `${api.url}/builders`]);
      expect(Problem.parse(JSON.parse(stdout))).toMatchObject({ code: 'UNAUTHORIZED' });
    });

    /** What the command line finds around it where somebody calls it. */
    const surroundingsOf = (name: CallerName) => ({
      ...process.env,
      HYBRIDCORE_API: api.url,
      AWS_REGION: motoRegion,
      AWS_ACCESS_KEY_ID: callers[name].accessKeyId,
      AWS_SECRET_ACCESS_KEY: callers[name].secretAccessKey,
      NO_COLOR: '1',
    });

    it('publishes for the command line what stands in the repository, and no longer once that has changed', async () => {
      const publish = async () => {
        const words = [commandLine, 'publish', 'image', '--channel', 'typed', '--api-auth', 'sigv4', '--json'];
        const called = run(process.execPath, words, { cwd: stage().repository, env: surroundingsOf('publisher') });
        return called.catch((error: unknown) => z.object({ code: z.number(), stdout: z.string(), stderr: z.string() }).parse(error));
      };
      const published = await publish();
      expect(PublishDocument.parse(JSON.parse(published.stdout)), published.stderr).toMatchObject({
        outcome: 'moved',
        pointer: { parameter: '/images/image/typed', set: true },
      });
      await appendFile(join(stage().repository, 'ebs/ebs.json'), '\n');
      const drifted = await publish();
      expect(Result.parse(JSON.parse(drifted.stdout)).classification).toMatchObject({ rule: 'INPUTS_DRIFTED' });
      expect(drifted).toMatchObject({ code: 1 });
    });

    it('stands beside `aws lambda invoke`, by which a program asks for a build in a name that it gives', async () => {
      const { accessKeyId, secretAccessKey } = callers.operator;
      const { definition } = stage().parts.host('dispatch');
      await using lambda = await startLambda({
        caller: callers.operator,
        region: motoRegion,
        functions: { [definition.name]: (event) => stage().invoke('dispatch', event) },
      });
      const endpoint = { ...stage().world.moto.clientOptions, endpoint: lambda.url, credentials: { accessKeyId, secretAccessKey } };
      const payload = JSON.stringify({ by: 'alice', request: { builder: 'base', client_token: 'first', variables: { n: '3' } } });
      // Not to /dev/stdout, as people would: that is a socket here, which cannot be opened.
      const file = join(stage().repository, '..', 'answer.json');
      await aws(endpoint, 'lambda', 'invoke', '--function-name', definition.name, '--payload', payload, file);
      const { dispatched } = DispatchDocument.parse(JSON.parse(await readFile(file, 'utf8')));
      expect(dispatched).toMatchObject({ builder: 'base', how: 'accepted' });
      const { document } = await curl('auditor', `/builds/${dispatched.build_id}`);
      expect(BuildDocument.parse(document)).toMatchObject({ build_id: dispatched.build_id, requested_by: 'alice' });
      expect(await stage().ended(dispatched.build_id ?? BuildId.parse(''))).toMatchObject({ state: 'succeeded' });
    });

    it('is what the command line asks, which follows a build that somebody stops through it', async () => {
      const words = ['dispatch', 'slow', '--wait', '--json', '--api-auth', 'sigv4'];
      const asking = spawn(process.execPath, [commandLine, ...words], { env: surroundingsOf('asker'), stdio: ['ignore', 'pipe', 'pipe'] });
      let [stdout, stderr] = ['', ''];
      asking.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      asking.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const ended = new Promise<number | null>((resolve) => asking.once('close', resolve));
      await expect.poll(() => stderr, { timeout: 60_000 }).toMatch(/[0-7][0-9A-HJKMNP-TV-Z]{25}/);
      const id = BuildId.parse(/[0-7][0-9A-HJKMNP-TV-Z]{25}/.exec(stderr)?.[0]);
      await stage().until(id, (build) => (build.attempts[0]?.run ?? null) !== null);
      const [, stream = ''] = /:([^:]+)$/.exec((await stage().records.readBuild(id))?.attempts[0]?.run ?? '') ?? [];
      const place = { logGroupName: logGroupOf('slow'), logStreamName: stream };
      const logs = new CloudWatchLogsClient(stage().world.moto.clientOptions);
      await logs.send(new CreateLogGroupCommand(place));
      await logs.send(new CreateLogStreamCommand(place));
      const write = (message: string) => logs.send(new PutLogEventsCommand({ ...place, logEvents: [{ timestamp: Date.now(), message }] }));
      await write('it has begun\n');
      const liveFrom = async (after: string) =>
        LogLinksDocument.parse((await curl('auditor', `/builds/${id}/log?after=${after}`)).document);
      const live = await liveFrom('0');
      await write('it goes on\n');
      const more = await liveFrom(encodeURIComponent(live.attempts[0]?.live?.next ?? ''));
      expect([live, more].map(({ attempts }) => attempts[0]?.live?.text)).toEqual(['it has begun\n', 'it goes on\n']);
      expect(live).toMatchObject({
        state: 'running',
        attempts: [{ attempt: 1, link: null, live: { next: expect.any(String) as string } }],
      });
      expect((await curl('asker', `/builds/${id}/stop`, '-X', 'POST')).status).toBe(202);
      expect(await stage().ended(id)).toMatchObject({ state: 'stopped', stop: { by: callers.asker.arn } });
      expect(await ended, stderr).toBe(1);
      expect(Result.parse(JSON.parse(stdout))).toMatchObject({
        build_id: id,
        state: 'stopped',
        exit_code: 1,
        classification: { rule: 'STOPPED' },
      });
    });

    it('leaves a line for each request, without what was asked, and is denied nothing', () => {
      const lines = stage().lines.filter((line) => line.includes('API_ANSWERED'));
      expect(lines.length).toBeGreaterThan(20);
      expect(lines.filter((line) => /looked at|revoked|fingerprint/.test(line))).toEqual([]);
      const role = stage().parts.host('api').definition.roleName;
      expect(stage().world.proxy.calls.filter(({ principal, outcome }) => principal === role && outcome === 'denied')).toEqual([]);
    });
  });
});
