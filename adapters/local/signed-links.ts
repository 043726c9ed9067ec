import { createHmac, timingSafeEqual } from 'node:crypto';
import { lstat } from 'node:fs/promises';

import { type Link } from '../../core/api/api-documents.ts';
import { type Links } from '../../core/api/dispatcher.ts';
import { timestamp } from '../../core/identity.ts';
import { type Clock } from '../../core/ports.ts';
import { placeOfKey } from './object-folder.ts';

/** How long a link lets in whoever has it. Milliseconds. */
const lifetime = 15 * 60_000;

/** What all links begin with, below the address of the API. */
export const linksPath = '/objects/';

export interface SignedLinks extends Links {
  /** The file that a link is for; undefined where the link is not one of ours, or no longer. @param target path and query, as they came. */
  open(target: string): Promise<{ readonly file: string; readonly size: number } | undefined>;
}

/**
 * Links to objects below a home. Each is signed with its key and its end, so nobody can make one or use it longer.
 *
 * @param secret of this process: its links end with it.
 * @param address where the API is, without a `/` at its end.
 */
export function signedLinks(
  { home, secret, clock }: { readonly home: string; readonly secret: Uint8Array; readonly clock: Clock },
  address: () => string,
): SignedLinks {
  const signatureOf = (key: string, expires: string) => createHmac('sha256', secret).update(`${expires}\n${key}`).digest('hex');
  return {
    async link(key): Promise<Link | undefined> {
      const found = await fileOf(home, key);
      if (found === undefined) return undefined;
      const expires = `${clock.now() + lifetime}`;
      const query = new URLSearchParams({ expires, signature: signatureOf(key, expires) });
      return {
        url: `${address()}${linksPath}${escaped(key)}?${query.toString()}`,
        expires_at: timestamp(Number(expires)),
        size: found.size,
      };
    },
    async open(target) {
      const [path = '', search = ''] = target.split('?');
      const query = new URLSearchParams(search);
      const [key, expires, signature] = [unescaped(path.slice(linksPath.length)), query.get('expires') ?? '', query.get('signature') ?? ''];
      if (key === undefined || !/^\d{1,15}$/.test(expires) || !isSame(signature, signatureOf(key, expires))) return undefined;
      return clock.now() > Number(expires) ? undefined : fileOf(home, key);
    },
  };
}

async function fileOf(home: string, key: string): Promise<{ readonly file: string; readonly size: number } | undefined> {
  const place = await placeOfKey(home, key);
  if (place.state === 'outside') return undefined;
  const status = await lstat(place.file).catch(() => undefined);
  return status?.isFile() === true ? { file: place.file, size: status.size } : undefined;
}

function escaped(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** Undefined where an escape is none. */
function unescaped(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function isSame(said: string, meant: string): boolean {
  return said.length === meant.length && timingSafeEqual(Buffer.from(said), Buffer.from(meant));
}
