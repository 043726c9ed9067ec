import { type AllowedSecret } from './allowed-secret.ts';
import { type SecretFinding } from './ports.ts';

/** A finding that stops a build, and where it was allowed once, until when. */
export interface RefusedSecret extends SecretFinding {
  readonly allowedUntil?: string;
}

/**
 * The findings that nobody declared to be false alarms, or not any more. An allowance is for one rule in one file.
 *
 * @param now milliseconds of the epoch
 */
export function refusedSecrets(findings: readonly SecretFinding[], allowed: readonly AllowedSecret[], now: number): RefusedSecret[] {
  const today = new Date(now).toISOString().slice(0, 10);
  return findings.flatMap((finding): RefusedSecret[] => {
    const fitting = allowed.filter(({ file, rule }) => file === finding.file && rule === finding.rule);
    if (fitting.some(({ expires }) => expires >= today)) return [];
    const [last] = fitting
      .map(({ expires }) => expires)
      .toSorted()
      .toReversed();
    return [last === undefined ? finding : { ...finding, allowedUntil: last }];
  });
}
