import { type Server, createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { keptHome } from '../../../adapters/aws/kept-home.ts';
import { builderNamed } from '../../fixtures/records.ts';

const home = { bucket: 'mistyped-bucket', table: 'mistyped-table' };
const name = builderNamed('base');
let server: Server;
let answer: { readonly status: number; readonly type: string; readonly body: string };

beforeEach(async () => {
  server = createServer((_, response) => response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  for (const each of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(each, 'none');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

const xml = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>it is not there</Message></Error>`;
const json = (code: string) => JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message: 'it is not there' });

describe('a deployed home that is named', () => {
  it.each([
    ['NoSuchBucket', 404],
    ['InvalidBucketName', 400],
    ['PermanentRedirect', 301],
  ])('with a bucket that is none (%s) is a mistake in the command line', async (code, status) => {
    answer = { status, type: 'application/xml', body: xml(code) };
    await expect(keptHome(home).bucket.settings()).rejects.toMatchObject({
      failure: {
        rule: 'USAGE',
        message: `--bucket mistyped-bucket: there is no such bucket in this account and region (${code})`,
        remedy: expect.stringContaining('the outputs Bucket and Table') as string,
      },
    });
  });

  it('with a table that is none is one, too', async () => {
    answer = { status: 400, type: 'application/x-amz-json-1.0', body: json('ResourceNotFoundException') };
    await expect(keptHome(home).records.readBuilder(name)).rejects.toMatchObject({
      failure: { rule: 'USAGE', message: expect.stringMatching(/^--table mistyped-table: there is no such table/) as string },
    });
  });

  it('and refuses is none', async () => {
    answer = { status: 403, type: 'application/xml', body: xml('AccessDenied') };
    await expect(keptHome(home).bucket.settings()).rejects.toMatchObject({ failure: { rule: 'STORAGE' } });
  });
});
