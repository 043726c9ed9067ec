import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

import { type OutgoingRequest } from '../../../adapters/api/api-client.ts';
import { gatewayRegion } from '../../../adapters/api/api-address.ts';
import { signedRequests } from '../../../adapters/aws/signed-requests.ts';
import { describeWithMoto } from '../../fixtures/aws/moto.ts';

const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
} as const;

/** What botocore, an implementation of AWS's own, signs for the same request at the same time. */
const botocore = `
import json, sys, datetime
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
import botocore.auth
said = json.load(sys.stdin)
botocore.auth.get_current_datetime = lambda *_, **__: datetime.datetime.strptime(said['date'], '%Y%m%dT%H%M%SZ')
request = AWSRequest(method=said['method'], url=said['url'], data=said['body'], headers=said['headers'])
SigV4Auth(Credentials(said['key'], said['secret'], said['token']), 'execute-api', 'eu-central-1').add_auth(request)
print(request.headers['Authorization'])
`;

const root = 'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod';
const requests: Readonly<Record<string, OutgoingRequest>> = {
  'a read': { method: 'GET', url: new URL(`${root}/builders`), headers: { accept: 'application/json' }, body: undefined },
  'a page': {
    method: 'GET',
    url: new URL(`${root}/builders/base/builds?limit=5&cursor=WyJhIl0%3D`),
    headers: { accept: 'application/json' },
    body: undefined,
  },
  'a request with a body': {
    method: 'POST',
    url: new URL(`${root}/builders/base/builds`),
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: '{"variables":{"n":"ä"}}',
  },
};

describeWithMoto('signed requests', () => {
  it.each(Object.entries(requests))('have the signature that botocore gives %s', async (_, request) => {
    const before = { ...process.env };
    Object.assign(process.env, credentials, { AWS_SESSION_TOKEN: '' });
    try {
      const headers = await signedRequests('eu-central-1')(request);
      const signed = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const names = /SignedHeaders=([^,]+)/.exec(signed.get('authorization') ?? '')?.[1]?.split(';') ?? [];
      const again = execFileSync('python3', ['-c', botocore], {
        input: JSON.stringify({
          method: request.method,
          url: request.url.href,
          body: request.body ?? '',
          date: signed.get('x-amz-date'),
          key: credentials.AWS_ACCESS_KEY_ID,
          secret: credentials.AWS_SECRET_ACCESS_KEY,
          token: null,
          headers: Object.fromEntries(
            names.filter((name) => name !== 'host' && name !== 'x-amz-date').map((name) => [name, signed.get(name)]),
          ),
        }),
        encoding: 'utf8',
      });
      const signatureIn = (text: string | undefined) => /Signature=([0-9a-f]{64})/.exec(text ?? '')?.[1];
      expect(signatureIn(signed.get('authorization'))).toMatch(/^[0-9a-f]{64}$/);
      expect(signatureIn(signed.get('authorization'))).toBe(signatureIn(again));
    } finally {
      process.env = before;
    }
  });

  it('are for the region that API Gateway names in its address', () => {
    expect(gatewayRegion(new URL(root))).toBe('eu-central-1');
    expect(gatewayRegion(new URL('http://127.0.0.1:8642'))).toBeUndefined();
    expect(gatewayRegion(new URL('https://x.execute-api.eu-central-1.amazonaws.com.example.org'))).toBeUndefined();
  });
});
