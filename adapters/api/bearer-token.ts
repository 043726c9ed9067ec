import { readFile } from 'node:fs/promises';

import { FailureError } from '../../core/failure-error.ts';
import { type ApiClientOptions } from './api-client.ts';

/** Lets requests in with the token that `serve` keeps in a file. It is read with each: `serve` may make a new one. */
export function bearerToken(file: string): ApiClientOptions['authorize'] {
  return async () => {
    const token = (await readFile(file, 'utf8').catch(() => '')).trim();
    if (/^[\x21-\x7e]+$/.test(token)) return { authorization: `Bearer ${token}` };
    throw new FailureError({
      rule: 'API_REFUSED',
      message: `there is no token in ${file}`,
      remedy: '`hybridcore-packer serve` makes it; name another file with HYBRIDCORE_API_TOKEN_FILE',
    });
  };
}
