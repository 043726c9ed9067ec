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
    ...sensitiveValues.map((value) => ({ name: sensitiveName, value })),
  ];
}

/** What values of the template have as their name: they may be made of several variables. */
export const sensitiveName = 'sensitive';

/**
 * Says of each value that is not searched for (`Redactor.notSearched`) that it stays where it stands.
 *
 * @param sensitiveVariables of the template.
 */
export function notSearchedTexts(names: readonly string[], sensitiveVariables: readonly string[] = []): string[] {
  return [...new Set(names)].map((name) => {
    const what =
      name === sensitiveName && sensitiveVariables.length > 0
        ? `a value of the sensitive variables (${sensitiveVariables.join(', ')})`
        : name;
    return `${what} is too short or too common to be searched for: it stays wherever it stands; give secrets that are longer`;
  });
}
