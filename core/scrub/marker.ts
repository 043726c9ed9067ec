import { createHmac } from 'node:crypto';

import { privateKeyRule, redactionRules } from './redaction-rules.ts';

/** What a marker says of a known value. The variable's name is in the scrub manifest alone: a log could hide a secret as a name. */
export const valueCode = 'SECRET';

/** What a marker says of a line that was made to wear the hook out, and is gone as a whole. */
export const hostileLineCode = 'LINE';

/** All that can stand in a marker: nobody can print a text of their own that passes for one. */
/** What a marker can say. */
export const markerCodes: readonly string[] = [valueCode, hostileLineCode, privateKeyRule, ...redactionRules.map((rule) => rule.code)];

/**
 * What stands in place of a secret: `[REDACTED:<code>:<id>]`. The id is the beginning of an HMAC-SHA256 of the
 * secret with a random key: equal for equal secrets under one key, and nothing to guess a secret by without the
 * key, which is never written.
 */
export function markerOf(code: string, id: string): string {
  return `[REDACTED:${code}:${id}]`;
}

/**
 * Finds markers, which are never searched again, so scrubbing twice changes nothing. A text that has their shape and
 * another code is a text like any other.
 */
export const markerPattern = new RegExp(String.raw`\[REDACTED:(?:${markerCodes.join('|')}):[0-9a-f]{8}\]`, 'g');

/** The text by which a line without any marker is told quickly. */
export const markerStart = '[REDACTED:';

/** Whether a text is a part of what stands in every marker. */
export function isOfMarkers(text: string): boolean {
  return [markerStart, ...markerCodes].some((word) => word.includes(text));
}

/** The name of a variable as it can stand in a scrub manifest. */
export function manifestName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 128);
  return plain === '' ? valueCode : plain;
}

/** The stable id of a secret: 8 hex digits. */
export function stableId(key: Uint8Array, secret: string): string {
  return createHmac('sha256', key).update('secret\0').update(secret).digest('hex').slice(0, 8);
}
