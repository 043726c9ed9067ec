import { execFileSync } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';

import { gatewayDocument } from '../../../core/api/gateway-document.ts';
import { type ApiGateway, type Caller, startApiGateway } from '../../fixtures/aws/api-gateway/api-gateway.ts';
import { type Invocation } from '../../fixtures/aws/deployment/invocation.ts';
import { type DeployedResource } from '../../fixtures/aws/deployment/template.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

const tester: Caller = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  arn: 'arn:aws:iam::123456789012:user/tester',
  policies: ['Builders'],
};

/** An API of the project's own document, whose callers may all that is below `/builders`. */
function stackWith(policy?: object) {
  const resource = (logicalId: string, properties: object, ref = logicalId): DeployedResource => ({
    logicalId,
    type: '',
    properties: properties as Record<string, unknown>,
    name: logicalId,
    ref,
    attribute: () => '',
    deletionPolicy: undefined,
  });
  const mayCall = {
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: 'arn:aws:execute-api:us-east-1:123456789012:a1b2c3/v1/*/builders*' },
      ],
    },
  };
  const resources: Readonly<Record<string, readonly DeployedResource[]>> = {
    'AWS::ApiGateway::RestApi': [
      resource('Api', { Body: gatewayDocument('images', '1', 'uri'), ...(policy === undefined ? {} : { Policy: policy }) }, 'a1b2c3'),
    ],
    'AWS::ApiGateway::Stage': [resource('Stage', { StageName: 'v1' })],
    'AWS::IAM::ManagedPolicy': [resource('BuildersPolicy', mayCall)],
  };
  return { region: 'us-east-1', account: '123456789012', ofType: (type: string) => resources[type] ?? [] };
}

/** Sends a request that botocore, an implementation of AWS's own, signs. */
const botocore = `
import json, sys, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
said = json.load(sys.stdin)
request = AWSRequest(method=said['method'], url=said['url'], data=said['body'], headers=said['headers'])
SigV4Auth(Credentials(said['key'], said['secret']), 'execute-api', said['region']).add_auth(request)
print(json.dumps(dict(request.headers)))
`;

describeWithMoto('API Gateway as the tests have it', () => {
  let api: ApiGateway | undefined;
  let events: Record<string, unknown>[] = [];
  afterEach(async () => {
    await api?.[Symbol.asyncDispose]();
    events = [];
  });

  async function serve(answer: unknown = { statusCode: 202, body: 'said' }, policy?: object): Promise<void> {
    const invoke = async (event: unknown): Promise<Invocation> => {
      events.push(event as Record<string, unknown>);
      return { state: 'returned', value: answer, lines: [] } as unknown as Invocation;
    };
    api = await startApiGateway({ stack: stackWith(policy), callers: [tester], invoke });
  }

  async function send(path: string, about: { method?: string; body?: string; type?: string; region?: string; secret?: string } = {}) {
    const { method = 'GET', body = '', type, region = 'us-east-1', secret = tester.secretAccessKey } = about;
    const url = `${api?.url}${path}`;
    const headers = type === undefined ? {} : { 'content-type': type };
    const signed = JSON.parse(
      execFileSync('python3', ['-c', botocore], {
        input: JSON.stringify({ method, url, body, headers, key: tester.accessKeyId, secret, region }),
        encoding: 'utf8',
      }),
    ) as Record<string, string>;
    const response = await fetch(url, { method, headers: signed, ...(body === '' ? {} : { body }) });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  }
  const codeOf = ({ text }: { readonly text: string }) => (JSON.parse(text) as { code: string }).code;

  it('hands over what botocore signed, as the proxy event has it', async () => {
    await serve();
    const asked = await send('/builders/a%20b/builds?limit=5&cursor=x%2By', { type: 'application/json' });
    expect(asked).toEqual({ status: 202, type: null, text: 'said' });
    expect(events).toMatchObject([
      {
        resource: '/builders/{name}/builds',
        path: '/builders/a%20b/builds',
        httpMethod: 'GET',
        pathParameters: { name: 'a b' },
        queryStringParameters: { limit: '5', cursor: 'x+y' },
        multiValueQueryStringParameters: { limit: ['5'], cursor: ['x+y'] },
        body: null,
        isBase64Encoded: false,
        requestContext: { identity: { userArn: tester.arn }, resourcePath: '/builders/{name}/builds', stage: 'v1' },
      },
    ]);
    await send('/builders');
    expect(events[1]).toMatchObject({ pathParameters: null, queryStringParameters: null, multiValueQueryStringParameters: null });
  });

  it('lets nobody in whose signature is not that of the key, the region, or of now', async () => {
    await serve();
    expect(codeOf(await send('/builders', { secret: 'another' }))).toBe('UNAUTHORIZED');
    expect(codeOf(await send('/builders', { region: 'eu-central-1' }))).toBe('UNAUTHORIZED');
    const old = {
      authorization: `AWS4-HMAC-SHA256 Credential=${tester.accessKeyId}/20200101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    };
    const response = await fetch(`${api?.url}/builders`, { headers: { ...old, 'x-amz-date': '20200101T000000Z' } });
    expect([response.status, codeOf({ text: await response.text() })]).toEqual([401, 'UNAUTHORIZED']);
    expect(codeOf({ text: await (await fetch(`${api?.url}/builders`)).text() })).toBe('UNAUTHORIZED');
    expect(events).toEqual([]);
  });

  it('asks IAM, and the policy of the API', async () => {
    await serve();
    expect(codeOf(await send(`/builds/7ZZZZZZZZZZZZZZZZZZZZZZZZZ`))).toBe('FORBIDDEN');
    await api?.[Symbol.asyncDispose]();
    const nobody = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 'execute-api:Invoke', Resource: '*' }] };
    await serve(undefined, nobody);
    expect(codeOf(await send('/builders'))).toBe('FORBIDDEN');
    expect(events).toEqual([]);
  });

  it('knows no path and no method beside the declared ones', async () => {
    await serve();
    for (const [path, method] of [
      ['/nothing', 'GET'],
      ['/builders', 'DELETE'],
      ['/builders/', 'GET'],
    ] as const)
      expect(codeOf(await send(path, { method }))).toBe('UNAUTHORIZED');
    expect(events).toEqual([]);
  });

  it('holds a JSON body against its model, and passes any other', async () => {
    await serve();
    const post = (body: string, type: string) => send('/builders/base/builds', { method: 'POST', body, type });
    expect(codeOf(await post('{"retention":5}', 'application/json'))).toBe('REQUEST_INVALID');
    expect(codeOf(await post('{', 'application/json'))).toBe('REQUEST_INVALID');
    expect(events).toEqual([]);
    expect((await post('{"variables":{"n":"1"}}', 'application/json')).status).toBe(202);
    expect((await post('any text', 'text/plain')).status).toBe(202);
    expect(events.map(({ body }) => body)).toEqual(['{"variables":{"n":"1"}}', 'any text']);
  });

  it('answers for a function that answers nothing', async () => {
    await serve({ message: 'no answer' });
    const answer = await send('/builders');
    expect([answer.status, answer.type, codeOf(answer)]).toEqual([500, 'application/problem+json', 'INTERNAL']);
  });
});
