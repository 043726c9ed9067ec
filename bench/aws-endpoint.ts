import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, type RequestListener, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';

import { tagKeys } from '../core/contract/deployment.ts';
import { expiringPrefixes, passingDays, passingPrefixes } from '../core/contract/key-patterns.ts';
import { defaultRetention } from '../core/retention/policy.ts';
import { coveredMarkerDays, uploadDays } from '../core/retention/proof.ts';
import * as z from '../core/zod.ts';

/** A call of AWS as it came over the wire: what a bare client needs to make the same one. */
export type Call =
  | { readonly service: 'json'; readonly operation: string; readonly input: Record<string, unknown> }
  | { readonly service: 's3'; readonly operation: 'get' | 'put' | 'list' | BucketSetting; readonly bucket: string; readonly key: string };

/** What is asked of a bucket as a whole, in the words of its query. */
type BucketSetting = 'versioning' | 'lifecycle' | 'object-lock';

/** How the build service's runs stand. */
export type RunStatus = 'IN_PROGRESS' | 'FAULT';

/** As much of AWS as the functions' first requests meet: enough to be answered, and nothing that takes time. */
export interface AwsEndpoint {
  readonly url: string;
  /** The calls since `reset`, in order. */
  readonly calls: readonly Call[];
  /** What the table holds, by key. */
  readonly items: ReadonlyMap<string, Item>;
  /** Begins anew with these items. */
  reset(items: ReadonlyMap<string, Item>, runs: RunStatus): void;
  close(): void;
}

export type Item = Readonly<Record<string, unknown>>;

const Key = z.object({ id: z.object({ S: z.string() }) });
const Put = z.object({ Item: z.record(z.string(), z.unknown()) });
const inputs = {
  get: z.object({ Key }),
  several: z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(Key) })) }),
  put: Put,
  transaction: z.object({ TransactItems: z.array(z.object({ Put })) }),
  start: z.object({ projectName: z.string() }),
  look: z.object({ ids: z.array(z.string()) }),
  send: z.object({ MessageBody: z.string() }),
};

const arnOf = (id: string) => `arn:aws:codebuild:us-east-1:123456789012:build/${id}`;

/** @param tls a certificate with its key, in PEM: without, it speaks plain HTTP, for which the SDK loads what functions never use. */
export async function startAwsEndpoint(tls?: { readonly key: string; readonly cert: string }): Promise<AwsEndpoint> {
  let items = new Map<string, Item>();
  let runs: RunStatus = 'IN_PROGRESS';
  let calls: Call[] = [];
  const store = (item: Item) => items.set(Key.parse(item).id.S, item);

  const answers: Readonly<Record<string, (input: unknown) => object>> = {
    GetItem(input) {
      const found = items.get(inputs.get.parse(input).Key.id.S);
      return found === undefined ? {} : { Item: found };
    },
    BatchGetItem(input) {
      const tables = Object.entries(inputs.several.parse(input).RequestItems);
      return {
        Responses: Object.fromEntries(tables.map(([table, { Keys }]) => [table, Keys.flatMap((key) => items.get(key.id.S) ?? [])])),
      };
    },
    PutItem: (input) => (store(inputs.put.parse(input).Item), {}),
    TransactWriteItems(input) {
      for (const { Put: put } of inputs.transaction.parse(input).TransactItems) store(put.Item);
      return {};
    },
    Query: () => ({ Items: [...items.values()].filter((item) => 'open' in item) }),
    StartBuild: (input) => ({ build: { arn: arnOf(`${inputs.start.parse(input).projectName}:0a1b2c3d`) } }),
    BatchGetBuilds: (input) => ({ builds: inputs.look.parse(input).ids.map((id) => buildOf(id, runs)) }),
    // The client holds the digest against what it sent.
    SendMessage: (input) => ({ MessageId: '1', MD5OfMessageBody: md5(inputs.send.parse(input).MessageBody) }),
  };

  const listen: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const call = callOf(request.method ?? '', request.url ?? '', request.headers, body);
      calls.push(call);
      if (call.service === 'json') {
        const answer = answers[call.operation];
        if (answer === undefined) throw new Error(`this endpoint does not know ${call.operation}`);
        response.setHeader('content-type', 'application/x-amz-json-1.1');
        response.end(JSON.stringify(answer(call.input)));
      } else if (call.operation === 'put') {
        response.setHeader('etag', '"0"').end();
      } else if (call.operation === 'list') {
        response.setHeader('content-type', 'application/xml');
        response.end('<?xml version="1.0"?><ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>');
      } else if (call.operation !== 'get') {
        response.setHeader('content-type', 'application/xml').end(bucketSettings[call.operation]);
      } else {
        response.writeHead(404, { 'content-type': 'application/xml' });
        response.end('<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>there is none</Message></Error>');
      }
    });
  };
  const server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (!isInternet(address)) throw new TypeError('unreachable: the server listens on a port');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    get calls() {
      return calls;
    },
    get items() {
      return items;
    },
    reset(begin, status) {
      items = new Map(begin);
      runs = status;
      calls = [];
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function isInternet(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

function callOf(method: string, url: string, headers: IncomingHttpHeaders, body: string): Call {
  const target = headers['x-amz-target'];
  if (typeof target === 'string')
    return { service: 'json', operation: target.split('.')[1] ?? '', input: z.record(z.string(), z.unknown()).parse(JSON.parse(body)) };
  const [path = '', query = ''] = url.split('?');
  const [, bucket = '', ...key] = decodeURIComponent(path).split('/');
  if (query.includes('list-type=2')) return { service: 's3', operation: 'list', bucket, key: '' };
  const setting = method === 'GET' && key.join('') === '' ? /^[a-z-]+/.exec(query)?.[0] : undefined;
  if (setting !== undefined && isBucketSetting(setting)) return { service: 's3', operation: setting, bucket, key: '' };
  if (method !== 'GET' && method !== 'PUT') throw new Error(`this endpoint does not know ${method} ${path}`);
  return { service: 's3', operation: method === 'PUT' ? 'put' : 'get', bucket, key: key.join('/') };
}

/** A rule as S3 tells it. @param filter and actions as XML. */
function rule(id: string, filter: string, ...actions: readonly string[]): string {
  return `<Rule><ID>${id}</ID><Status>Enabled</Status><Filter>${filter}</Filter>${actions.join('')}</Rule>`;
}

const prefixed = (prefix: string) => `<Prefix>${prefix}</Prefix>`;
const expires = (days: number) => `<Expiration><Days>${days}</Days></Expiration>`;
const noncurrent = (days: number) => `<NoncurrentVersionExpiration><NoncurrentDays>${days}</NoncurrentDays></NoncurrentVersionExpiration>`;
const tagged = (prefix: string, value: string) =>
  `<And>${prefixed(prefix)}<Tag><Key>${tagKeys.retention}</Key><Value>${value}</Value></Tag></And>`;

/** Of a bucket that keeps what the policy of a `hybridcore.yaml` without one promises. */
const bucketSettings: Readonly<Record<BucketSetting, string>> = {
  versioning: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  'object-lock': '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  lifecycle: `<LifecycleConfiguration>${[
    ...Object.entries(defaultRetention.classes).flatMap(([name, { days }]) =>
      expiringPrefixes.map((prefix) => rule(`${name}-${prefix}`, tagged(prefix, name), expires(days), noncurrent(1))),
    ),
    rule('replaced', prefixed('artifacts/'), noncurrent(1)),
    ...passingPrefixes.map((prefix) => rule(prefix, prefixed(prefix), expires(passingDays.current), noncurrent(passingDays.noncurrent))),
    rule(
      'remains',
      prefixed(''),
      '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>',
      noncurrent(coveredMarkerDays),
      `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${uploadDays}</DaysAfterInitiation></AbortIncompleteMultipartUpload>`,
    ),
  ].join('')}</LifecycleConfiguration>`,
};

function isBucketSetting(query: string): query is BucketSetting {
  return Object.hasOwn(bucketSettings, query);
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

function buildOf(id: string, status: RunStatus): object {
  // Times are seconds since 1970.
  const at = Math.floor(Date.now() / 1000);
  const times = status === 'IN_PROGRESS' ? { startTime: at } : { startTime: at, endTime: at };
  return { id, arn: arnOf(id), buildStatus: status, buildComplete: status !== 'IN_PROGRESS', phases: [], ...times };
}
