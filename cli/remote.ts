import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { apiAddress, gatewayRegion } from '../adapters/api/api-address.ts';
import { type ApiClient, apiClient } from '../adapters/api/api-client.ts';
import { bearerToken } from '../adapters/api/bearer-token.ts';
import { type Outcome, failure, success } from '../core/failure.ts';
import { type Host, openRepository } from './host.ts';
import { type RemoteOptions } from './remote-address.ts';

/**
 * A client of the dispatcher at an address. An API of API Gateway gets signed requests, any other the token that `serve` has in
 * its home.
 */
export async function openApi(host: Host, address: string, options: RemoteOptions): Promise<Outcome<ApiClient>> {
  const url = apiAddress(address);
  if (!url.ok) return url;
  const authorize = await authorization(host, url.value, options);
  if (!authorize.ok) return authorize;
  return success(apiClient({ url: url.value, authorize: authorize.value, wait: sleep, random: () => Math.random() }));
}

async function authorization(host: Host, url: URL, options: RemoteOptions) {
  const region = gatewayRegion(url);
  if (options.apiAuth === 'sigv4' || (options.apiAuth === undefined && region !== undefined)) {
    const known = region ?? host.environment['AWS_REGION'] ?? host.environment['AWS_DEFAULT_REGION'] ?? '';
    if (known === '')
      return failure('USAGE', `the region of ${url.origin} is not known, and a signature is for one`, 'name it with AWS_REGION');
    const { signedRequests } = await import('../adapters/aws/signed-requests.ts');
    return success(signedRequests(known));
  }
  const file = await tokenFile(host, options);
  return file.ok ? success(bearerToken(file.value)) : file;
}

async function tokenFile(host: Host, options: RemoteOptions): Promise<Outcome<string>> {
  const named = host.environment['HYBRIDCORE_API_TOKEN_FILE'] ?? '';
  if (named !== '') return success(resolve(host.workingFolder, named));
  const repository = openRepository(host, options);
  if (repository.ok) return success(join(repository.value.home, 'state', 'api-token'));
  return failure(
    'API_REFUSED',
    'it is not known where the token for the API is: this is no image repository, and HYBRIDCORE_API_TOKEN_FILE names none',
    'name the file that `hybridcore-packer serve` said when it began',
  );
}
