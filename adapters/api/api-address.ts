import { type Outcome, failure, success } from '../../core/failure.ts';

/**
 * The address of an API as a person gave it.
 *
 * @returns USAGE where it is none, or where what lets us in would go over a network in clear.
 */
export function apiAddress(text: string): Outcome<URL> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return failure('USAGE', `${JSON.stringify(text)} is no address of an API`, 'give it as https://HOST/STAGE, or http://127.0.0.1:PORT');
  if (url.username !== '' || url.password !== '')
    return failure(
      'USAGE',
      'the address of the API holds a password',
      'leave it out: a token comes from its file, a signature from your credentials',
    );
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return failure(
      'USAGE',
      `${url.origin} is not on this machine, and http sends the token in clear`,
      'use https, or a tunnel to a port of this machine',
    );
  return success(url);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The region of an API that API Gateway serves under its own name; undefined for any other. */
export function gatewayRegion({ hostname }: URL): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
}
