import { type Input } from './input.ts';
import { type SecretFinding } from './ports.ts';
import { redactionRules } from './scrub/redaction-rules.ts';
import { type Redactor, redactText } from './scrub/redactor.ts';

/** Rules that are too easily met to stop a build. */
const doubtful: ReadonlySet<string> = new Set(redactionRules.filter(({ inInputs }) => !inInputs).map(({ code }) => code));

/**
 * Secrets in the names of inputs, and in the values of those that are told in clear: a manifest has both as they are, since
 * the fingerprint is over them, so no hook can take them out.
 *
 * @param redactor with all values that are known.
 */
export function secretsInManifest(inputs: readonly Input[], redactor: Redactor): SecretFinding[] {
  return inputs.flatMap((input) => {
    const value = 'value' in input ? JSON.stringify(input.value) : '';
    if (redactor.isClean(`${input.name}\n${value}`)) return [];
    const named = rulesIn(input.name, redactor);
    const file = named.length > 0 ? redactText(redactor.forAnotherFile(), input.name) : input.name;
    return [...new Set([...named, ...rulesIn(value, redactor)])].map((rule) => ({ file, line: 1, rule }));
  });
}

function rulesIn(text: string, redactor: Redactor): string[] {
  const own = redactor.forAnotherFile();
  redactText(own, text);
  return own
    .summary()
    .map(({ rule }) => rule)
    .filter((rule) => !doubtful.has(rule));
}
