import { type GlobalOptions, type Host } from './host.ts';

/** How a command reaches a dispatcher that is not this process. */
export interface RemoteOptions extends GlobalOptions {
  readonly api?: string;
  readonly apiAuth?: 'sigv4' | 'token';
}

/** The address of the dispatcher that a command is for, as it was given; undefined where it is for the one of this machine. */
export function remoteAddress(host: Host, options: RemoteOptions): string | undefined {
  const given = options.api ?? host.environment['HYBRIDCORE_API'];
  return given === undefined || given === '' ? undefined : given;
}
