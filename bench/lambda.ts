import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Metafile } from 'esbuild';

import { type FunctionName, functionNames, functionVariables } from '../core/contract/deployment.ts';
import { observationVariables } from '../core/contract/metrics.ts';
import { Deployment } from '../core/deployment.ts';
import * as z from '../core/zod.ts';
import { bundleFunctions, bundleHandler } from '../scripts/bundle-functions.ts';
import sdk from '@aws-sdk/client-dynamodb/package.json' with { type: 'json' };
import { type AwsEndpoint, type Item, type RunStatus, startAwsEndpoint } from './aws-endpoint.ts';

/** What each function is measured against: a handler that constructs the same clients. */
const baselines = { dispatch: 'baseline', complete: 'baseline-for-runs', reconcile: 'baseline', api: 'baseline' } as const satisfies Record<
  FunctionName,
  string
>;

/** How much longer a function may take than a handler that only constructs the same clients. */
const target = 1.25;

const deployment = Deployment.parse({
  schema: 'hybridcore-packer/deployment/1',
  version: '0.0.0',
  config: { version: 1, builders: { base: { template: 'base' } } },
  sources: { base: null },
});

/** The first request of each function: what it is called with, and the world that it then meets. */
interface FirstRequest {
  readonly event: unknown;
  readonly runs: RunStatus;
  readonly items: ReadonlyMap<string, Item>;
  /** What its answer shows when all of it was done. */
  readonly done: z.ZodMiniType;
}

/** Milliseconds. */
const ColdStart = z.object({ init: z.number(), whole: z.number(), answer: z.optional(z.unknown()) });
type ColdStart = z.infer<typeof ColdStart>;

/**
 * Measures each function's cold start against the baseline of the same clients (`baselines`), in pairs of fresh processes, and prints
 * lower quartiles and their ratio.
 *
 * @returns whether the target holds for every one.
 */
export async function lambda(words: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...words], options: { runs: { type: 'string', default: '21' } } });
  const runs = Number(values.runs);
  const folder = await mkdtemp(join(tmpdir(), 'bench-lambda-'));
  const endpoint = await startAwsEndpoint(await makeCertificate(folder));
  try {
    const bundled = await bundleFunctions(join(folder, 'functions'), deployment);
    for (const baseline of new Set(Object.values(baselines)))
      await bundleHandler(`bench/${baseline}.ts`, join(folder, baseline), join(folder, 'source-maps', baseline));
    const requests = await firstRequests(endpoint, folder);
    console.log(
      `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, AWS SDK ${sdk.version}, ${runs} pairs of runs\n`,
    );
    console.log(
      '| function | KB at init | KB in all | calls | init, ms | clients alone | x | init and first request, ms | the same calls alone | x |',
    );
    console.log('|---|---|---|---|---|---|---|---|---|---|');
    let holds = true;
    for (const name of functionNames) {
      const row = await measure(endpoint, folder, name, requests[name], runs);
      const sizes = sizesOf(bundled.get(name));
      console.log(`| ${[name, ...sizes, ...row.cells].join(' | ')} |`);
      holds &&= row.holds;
    }
    console.log(`\n${holds ? 'holds' : 'MISSED'}: at most ${target} times a handler that only constructs the same clients`);
    return holds;
  } finally {
    endpoint.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const certificateFile = 'certificate.pem';

/** A certificate for this machine and today, which the functions are told to trust. */
async function makeCertificate(folder: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, certificateFile)];
  const kind = ['-x509', '-newkey', 'rsa:2048', '-noenc', '-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}

/** Takes one build through the functions, so that each meets what the ones before left. */
async function firstRequests(endpoint: AwsEndpoint, folder: string): Promise<Readonly<Record<FunctionName, FirstRequest>>> {
  const dispatch: FirstRequest = {
    event: { request: { builder: 'base' }, by: 'bench' },
    runs: 'IN_PROGRESS',
    items: new Map(),
    done: z.object({ dispatched: z.object({ state: z.literal('queued') }) }),
  };
  await coldStart(endpoint, folder, 'functions/dispatch', dispatch);
  const start: FirstRequest = {
    event: { Records: [{ messageId: '1', body: JSON.stringify({ turn: 'base' }) }] },
    runs: 'IN_PROGRESS',
    items: new Map(endpoint.items),
    done: z.unknown(),
  };
  await coldStart(endpoint, folder, 'functions/complete', start);
  const items = new Map(endpoint.items);
  const build = [...items.keys()].find((key) => key.startsWith('build#'))?.slice('build#'.length);
  if (build === undefined) throw new Error('dispatch left no build');
  const event = stateChange(build);
  return {
    dispatch,
    complete: {
      event: { Records: [{ messageId: '1', body: JSON.stringify(event) }] },
      runs: 'FAULT',
      items,
      done: z.object({ batchItemFailures: z.array(z.unknown()).check(z.maxLength(0)) }),
    },
    reconcile: { event: {}, runs: 'IN_PROGRESS', items, done: z.object({ open: z.literal(1) }) },
    api: { event: request, runs: 'IN_PROGRESS', items: new Map(), done: z.object({ statusCode: z.literal(202) }) },
  };
}

/** As API Gateway hands over `POST /builders/base/builds`. */
const request = {
  httpMethod: 'POST',
  resource: '/builders/{name}/builds',
  pathParameters: { name: 'base' },
  headers: { 'content-type': 'application/json' },
  multiValueQueryStringParameters: null,
  body: '{}',
  isBase64Encoded: false,
  requestContext: { identity: { userArn: 'arn:aws:iam::123456789012:user/bench' } },
};

function stateChange(build: string): object {
  const environment = { 'environment-variables': [{ name: 'HYBRIDCORE_BUILD_ID', type: 'PLAINTEXT', value: build }] };
  return {
    source: 'aws.codebuild',
    'detail-type': 'CodeBuild Build State Change',
    detail: {
      'build-status': 'FAULT',
      'build-id': 'arn:aws:codebuild:us-east-1:123456789012:build/bench-base:0a1b2c3d',
      'additional-information': { environment },
    },
  };
}

async function measure(endpoint: AwsEndpoint, folder: string, name: FunctionName, request: FirstRequest, runs: number) {
  request.done.parse((await coldStart(endpoint, folder, `functions/${name}`, request)).answer);
  const calls = [...endpoint.calls];
  await writeFile(join(folder, 'calls.json'), JSON.stringify(calls));
  const pairs: { own: ColdStart; bare: ColdStart }[] = [];
  for (let run = 0; run < runs; run += 1) {
    const own = () => coldStart(endpoint, folder, `functions/${name}`, request);
    const bare = () => coldStart(endpoint, folder, baselines[name], request);
    // In turn, so that neither always comes first.
    if (run % 2 === 0) pairs.push({ own: await own(), bare: await bare() });
    else {
      const first = await bare();
      pairs.push({ own: await own(), bare: first });
    }
  }
  const of = (part: 'init' | 'whole') => {
    const [own, bare] = [undisturbed(pairs.map((pair) => pair.own[part])), undisturbed(pairs.map((pair) => pair.bare[part]))];
    return { own, bare, ratio: own / bare };
  };
  const [init, whole] = [of('init'), of('whole')];
  const cells = [init, whole].flatMap(({ own, bare, ratio }) => [own.toFixed(0), bare.toFixed(0), ratio.toFixed(2)]);
  return { cells: [String(calls.length), ...cells], holds: init.ratio <= target && whole.ratio <= target };
}

/** Loads a handler in a fresh process and calls it once. */
async function coldStart(endpoint: AwsEndpoint, folder: string, handler: string, request: FirstRequest): Promise<ColdStart> {
  endpoint.reset(request.items, request.runs);
  const eventFile = join(folder, 'event.json');
  await writeFile(eventFile, JSON.stringify(request.event));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'cold-start.mjs'), join(folder, handler), eventFile], {
    env: environmentFor(endpoint, folder),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [errors, result] = [child.stdio[2], child.stdio[3]].map((stream) => textOf(stream));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${handler} ended with ${code}: ${await errors}`);
  return ColdStart.parse(JSON.parse((await result) ?? ''));
}

async function textOf(stream: unknown): Promise<string> {
  let text = '';
  if (isReadable(stream)) for await (const chunk of stream) text += String(chunk);
  return text;
}

function isReadable(stream: unknown): stream is AsyncIterable<Buffer> {
  return typeof stream === 'object' && stream !== null && Symbol.asyncIterator in stream;
}

/** Nothing of whoever measures: certificates that the machine adds to Node's own, for instance, slow a start. */
function environmentFor(endpoint: AwsEndpoint, folder: string): Record<string, string> {
  return {
    [functionVariables.table]: 'bench',
    [functionVariables.bucket]: 'bench',
    [functionVariables.topic]: 'arn:aws:sns:us-east-1:123456789012:bench',
    [functionVariables.eventBus]: 'bench',
    [functionVariables.queue]: `${endpoint.url}/123456789012/bench`,
    [functionVariables.projectPrefix]: 'bench-',
    [observationVariables.service]: 'bench',
    AWS_ENDPOINT_URL: endpoint.url,
    NODE_EXTRA_CA_CERTS: join(folder, certificateFile),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    BENCH_CALLS: join(folder, 'calls.json'),
  };
}

/** KB that are loaded at init, and in all. */
function sizesOf(metafile: Metafile | undefined): readonly string[] {
  if (metafile === undefined) throw new TypeError('unreachable: every function was bundled');
  const files = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const imported of metafile.outputs[file]?.imports ?? [])
      if (imported.kind === 'import-statement' && imported.external !== true) load(imported.path);
  };
  load(files.find(([file]) => file.endsWith('/index.mjs'))?.[0] ?? '');
  const kilobytes = (chosen: readonly [string, { bytes: number }][]) =>
    (chosen.reduce((sum, [, { bytes }]) => sum + bytes, 0) / 1024).toFixed(0);
  return [kilobytes(files.filter(([file]) => loaded.has(file))), kilobytes(files)];
}

/** The lower quartile: what a run takes where no other process is in its way. A median of a busy machine measures its neighbours. */
function undisturbed(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN;
}
