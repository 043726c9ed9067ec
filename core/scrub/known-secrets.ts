import { type SecretValue } from './known-values.ts';

/**
 * What must not be said of a builder: the values of its secrets as far as they are at hand, and those that its template calls
 * sensitive.
 */
export function knownSecrets(
  secrets: Readonly<Record<string, string>>,
  { sensitiveValues }: { readonly sensitiveValues: readonly string[] } = { sensitiveValues: [] },
): SecretValue[] {
  return [
    ...Object.entries(secrets).map(([name, value]) => ({ name, value })),
    ...sensitiveValues.map((value) => ({ name: 'sensitive', value })),
  ];
}
