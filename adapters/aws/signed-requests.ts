import { createHash, createHmac } from 'node:crypto';

import { FailureError } from '../../core/failure-error.ts';
import { type ApiClientOptions } from '../api/api-client.ts';

/** SHA-256 as the signer calls it, with a key as an HMAC. */
class Sha256 {
  #hash;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', typeof key === 'string' ? key : bytesOf(key));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new TypeError('unreachable: the signer takes a new one each time');
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Lets requests in with a signature (SigV4) for API Gateway, by the credentials that the usual chain finds: the environment,
 * the shared files, single sign-on, the machine's role.
 */
export function signedRequests(region: string): ApiClientOptions['authorize'] {
  let signer: Promise<{ sign(request: object): Promise<{ headers: Record<string, string> }> }> | undefined;
  return async ({ method, url, headers, body }) => {
    signer ??= makeSigner(region);
    const unsigned = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    };
    try {
      return (await (await signer).sign(unsigned)).headers;
    } catch (cause) {
      throw new FailureError(
        {
          rule: 'API_REFUSED',
          message: `the request cannot be signed: ${cause instanceof Error ? cause.message : String(cause)}`,
          remedy: 'give credentials as for the aws command: `aws sts get-caller-identity` shows whether there are any',
        },
        { cause },
      );
    }
  };
}

async function makeSigner(region: string) {
  const [{ SignatureV4 }, { defaultProvider }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@aws-sdk/credential-provider-node'),
  ]);
  return new SignatureV4({ service: 'execute-api', region, credentials: defaultProvider(), sha256: Sha256 });
}
