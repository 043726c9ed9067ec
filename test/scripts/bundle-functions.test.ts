import { spawnSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { type AwsEndpoint, startAwsEndpoint } from '../../bench/aws-endpoint.ts';
import { type FunctionName, functionNames, functionVariables } from '../../core/contract/deployment.ts';
import { observationVariables } from '../../core/contract/metrics.ts';
import { Deployment } from '../../core/deployment.ts';
import { bundleFunctions } from '../../scripts/bundle-functions.ts';

const deployment = Deployment.parse({
  schema: 'hybridcore-packer/deployment/1',
  version: '0.1.0',
  config: { version: 1, builders: { base: { template: 'base' } } },
  sources: { base: null },
});

/** The bundles alone in a folder, with no packages near them, and an AWS for them. */
let folder: string;
let bundled: ReadonlyMap<FunctionName, Metafile>;
let aws: AwsEndpoint;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'functions-'));
  bundled = await bundleFunctions(folder, deployment);
  aws = await startAwsEndpoint();
});
afterAll(async () => {
  aws.close();
  await rm(folder, { recursive: true, force: true });
});

function environment(): Record<string, string> {
  return {
    [functionVariables.table]: 'images',
    [functionVariables.bucket]: 'images',
    [functionVariables.topic]: 'arn:aws:sns:us-east-1:123456789012:images',
    [functionVariables.eventBus]: 'images',
    [functionVariables.queue]: `${aws.url}/123456789012/images`,
    [functionVariables.projectPrefix]: 'images-',
    [observationVariables.service]: 'images',
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
}

const caller = `
const { handler } = await import(process.argv[1]);
const answer = await handler(JSON.parse(process.argv[2]), { awsRequestId: 'an-id', functionName: 'images' });
process.stdout.write('\\n' + JSON.stringify(answer), () => process.exit(0));
`;

/** Calls a function as it lies there, in a process of its own. @returns its answer, and what it logged. */
async function call(name: FunctionName, event: unknown): Promise<{ answer: unknown; logged: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', caller, join(folder, name, 'index.mjs'), JSON.stringify(event)], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}: ${err}`);
  const lines = out.split('\n');
  return { answer: JSON.parse(lines.pop() ?? ''), logged: lines.join('\n') };
}

const SentMessage = z.object({ operation: z.literal('SendMessage'), input: z.object({ MessageBody: z.string() }) });

/** The turns that were sent, in order. */
const sentTurns = (): readonly unknown[] =>
  aws.calls.flatMap((call) => {
    const sent = SentMessage.safeParse(call);
    return sent.success ? [JSON.parse(sent.data.input.MessageBody) as unknown] : [];
  });

const stateChange = (build: string) => ({
  source: 'aws.codebuild',
  'detail-type': 'CodeBuild Build State Change',
  detail: {
    'build-status': 'FAULT',
    'build-id': 'arn:aws:codebuild:us-east-1:123456789012:build/images-base:0a1b2c3d',
    'additional-information': {
      environment: {
        'environment-variables': [
          { name: 'HYBRIDCORE_BUILD_ID', type: 'PLAINTEXT', value: build },
          { name: 'OTHER', type: 'PLAINTEXT', value: 'planted-value' },
        ],
      },
    },
  },
});

describe('a bundled function', () => {
  it('takes a request, begins its build, sweeps, completes its run and sends a turn for the retry, each in a process of its own', async () => {
    aws.reset(new Map(), 'IN_PROGRESS');
    const dispatched = await call('dispatch', { request: { builder: 'base' }, by: 'ann' });
    expect(dispatched.answer).toMatchObject({ dispatched: { builder: 'base', state: 'queued', how: 'accepted' } });
    const { build_id: build } = (dispatched.answer as { dispatched: { build_id: string } }).dispatched;

    expect(sentTurns()).toEqual([{ turn: 'base' }]);
    const take = (turn: unknown) => call('complete', { Records: [{ messageId: 'm1', body: JSON.stringify(turn) }] });
    expect((await take(sentTurns()[0])).answer).toEqual({ batchItemFailures: [] });
    expect(JSON.stringify(aws.items.get(`build#${build}`))).toContain('running');

    expect((await call('reconcile', {})).answer).toEqual({ open: 1 });
    expect(sentTurns().at(-1)).toEqual({ turn: 'base', open: [build] });

    aws.reset(aws.items, 'FAULT');
    const Records = [
      { messageId: 'm1', body: 'planted-value' },
      { messageId: 'm2', body: JSON.stringify(stateChange(build)) },
    ];
    const completed = await call('complete', { Records });
    expect(completed.answer).toEqual({ batchItemFailures: [] });
    expect(JSON.stringify(aws.items.get(`build#${build}`))).toContain('retrying');
    expect(sentTurns()).toEqual([{ turn: 'base', due: expect.any(String) as string }]);
    expect(completed.logged).toContain('"EVENT_TAKEN"');
    expect(completed.logged).not.toContain('planted-value');
  });

  it.each(functionNames)('%s says at once, and all together, what its environment lacks', (name) => {
    const { status, stderr } = spawnSync(process.execPath, [join(folder, name, 'index.mjs')], { env: {}, encoding: 'utf8' });
    expect(status).not.toBe(0);
    for (const variable of Object.values(functionVariables)) expect(stderr).toContain(`${variable} is missing`);
  });

  it('refuses another deployment.json than was checked when it was written, with every fault', async () => {
    const dispatch = () => call('dispatch', { request: { builder: 'base' } });
    const file = join(folder, 'dispatch', 'deployment.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, JSON.stringify({ ...deployment, version: 1, sources: 'none' }));
    await expect(dispatch()).rejects.toThrow(/deployment\.json does not fit its schema: version: .*; sources: /);
    await writeFile(file, JSON.stringify({ ...deployment, sources: {} }));
    await expect(dispatch()).rejects.toThrow('deployment.json does not fit its schema: sources.base: is missing, though config has it');
    await writeFile(file, JSON.stringify(deployment, null, 2));
    expect((await dispatch()).answer).toMatchObject({ dispatched: { builder: 'base' } });
    await rm(file);
    await expect(dispatch()).rejects.toThrow('there is no deployment.json beside the code of this function');
    await writeFile(file, text);
  });
});

describe.each(functionNames)('the bundle of %s', (name) => {
  const files = () => Object.entries(bundled.get(name)?.outputs ?? {}).filter(([file]) => file.endsWith('.mjs'));

  it('has its handler in index.mjs, and its source maps elsewhere', async () => {
    expect(await readdir(join(folder, name))).toContain('index.mjs');
    expect((await readdir(join(folder, name))).filter((file) => file.endsWith('.map'))).toEqual([]);
    expect(await readdir(join(folder, 'source-maps', name))).toContain('index.mjs.map');
  });

  it('has what was deployed beside it where it reads that: a sweep does not', async () => {
    const deployed = (await readdir(join(folder, name))).filter((file) => file.startsWith('deployment.json')).sort();
    expect(deployed).toEqual(name === 'reconcile' ? [] : ['deployment.json', 'deployment.json.sha256']);
  });

  it('needs nothing but Node', async () => {
    const external = new Set(files().flatMap(([, { imports }]) => imports.filter((each) => each.external).map(({ path }) => path)));
    const own = await readdir(join(folder, name));
    expect([...external].filter((path) => !isBuiltin(path) && !own.includes(path.replace('./', '')))).toEqual([]);
    expect([...external]).not.toContain('node:sqlite');
  });

  it('has nothing of packer, of the command line or of one machine in it', () => {
    const inputs = Object.keys(bundled.get(name)?.inputs ?? {});
    const foreign =
      /tree-sitter|secretlint|\.wasm$|node_modules\/(?:yaml|commander|tinyglobby|get-east-asian-width)\/|^(?:cli|adapters\/packer)\//;
    expect(inputs.filter((input) => foreign.test(input))).toEqual([]);
    expect(inputs.filter((input) => input.startsWith('adapters/local/')).sort()).toEqual([
      ...(name === 'complete' || name === 'api' ? ['adapters/local/gzip.ts'] : []),
      ...(name === 'reconcile' ? [] : ['adapters/local/record-documents.ts']),
      'adapters/local/record-listing.ts',
      'adapters/local/system.ts',
      ...(name === 'api' ? ['adapters/local/tar-archive.ts'] : []),
    ]);
  });

  it('leaves out the schemas that nothing uses', async () => {
    const ofResult = 'true only where a retry is still to come';
    for (const file of await readdir(join(folder, name))) expect(await readFile(join(folder, name, file), 'utf8')).not.toContain(ofResult);
  });

  it('loads only what every invocation needs before the first one', () => {
    const outputs = new Map(files());
    const atInit = new Set<string>();
    const load = (file: string): void => {
      if (atInit.has(file)) return;
      atInit.add(file);
      for (const { kind, external, path } of outputs.get(file)?.imports ?? [])
        if (kind === 'import-statement' && external !== true) load(path);
    };
    load([...outputs.keys()].find((file) => file.endsWith('/index.mjs')) ?? '');
    const parts = [...atInit].flatMap((file) => Object.entries(outputs.get(file)?.inputs ?? {}));
    const inputs = parts.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([input]) => input);
    expect(inputs).toContain(`lambdas/${name}/handler.ts`);
    const clients = inputs.flatMap((input) => /\/client-(ec2|s3|codebuild|dynamodb|sns|sqs|eventbridge)\//.exec(input)?.[1] ?? []);
    expect([...new Set(clients)].sort()).toEqual(name === 'dispatch' || name === 'api' ? ['dynamodb'] : ['dynamodb', 'sqs']);
    const schemas = /core\/(?:config|deployment)\.ts/;
    // `api` publishes, for which it reads manifests.
    const handedOver =
      name === 'api'
        ? /core\/attempt-report\.ts|scrub-manifest\.ts/
        : /core\/(?:input|hash-manifest|attempt-report)\.ts|scrub-manifest\.ts/;
    expect(inputs.filter((input) => schemas.test(input) || (handedOver.test(input) && name !== 'complete'))).toEqual([]);
    // What runs hand over and what is answered goes through the hook in any case; elsewhere only what went wrong does.
    expect(inputs.some((input) => input.endsWith('redaction-rules.ts'))).toBe(name === 'complete' || name === 'api');
    // A sweep parses nothing that takes a schema.
    expect(inputs.some((input) => input.includes('node_modules/zod/'))).toBe(name !== 'reconcile');
  });
});
