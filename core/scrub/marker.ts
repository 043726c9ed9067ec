import { createHmac } from 'node:crypto';

/**
 * What stands in place of a secret: `[REDACTED:<rule or variable>:<id>]`. The id is the beginning of an
 * HMAC-SHA256 of the secret with a random key: equal for equal secrets under one key, and nothing to guess
 * a secret by without the key, which is never written.
 */
export function markerOf(name: string, id: string): string {
  return `[REDACTED:${name}:${id}]`;
}

/** Finds markers. What looks like one is never searched again, so scrubbing twice changes nothing. */
export const markerPattern = /\[REDACTED:[A-Za-z0-9_.-]{1,128}:[0-9a-f]{8}\]/g;

/** The text by which a line without any marker is told quickly. */
export const markerStart = '[REDACTED:';

/** The name as it can stand in a marker. */
export function markerName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 128);
  return plain === '' ? 'SECRET' : plain;
}

/** The stable id of a secret: 8 hex digits. */
export function stableId(key: Uint8Array, secret: string): string {
  return createHmac('sha256', key).update('secret\0').update(secret).digest('hex').slice(0, 8);
}
