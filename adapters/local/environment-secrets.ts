import { type Builder } from '../../core/config.ts';
import { failure, success } from '../../core/failure.ts';
import { type Secrets } from '../../core/ports.ts';
import { type SecretValue } from '../../core/scrub/redactor.ts';

/** Secrets on one machine: `env:NAME` alone. The stores of AWS are read by the deployed home. */
export function environmentSecrets(environment: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    async read(reference) {
      if (!reference.startsWith('env:')) {
        return failure(
          'SECRET_UNAVAILABLE',
          `${reference} is read on AWS only`,
          'on this machine name it as env:NAME in hybridcore.yaml, and set the variable NAME',
        );
      }
      const name = reference.slice('env:'.length);
      const value = valueOf(environment, name);
      if (value === undefined || value === '')
        return failure(
          'SECRET_UNAVAILABLE',
          `the environment variable ${name} is not set, or empty`,
          `set ${name} before you ask for the build`,
        );
      return success(value);
    },
  };
}

/** The secrets of a builder that are at hand here, by their names. */
export function secretsAtHand(environment: Readonly<Record<string, string | undefined>>, builder: Builder): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, reference] of Object.entries(builder.secrets)) {
    const value = reference.startsWith('env:') ? valueOf(environment, reference.slice('env:'.length)) : undefined;
    if (value !== undefined && value !== '') values[name] = value;
  }
  return values;
}

function valueOf(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  // `env:constructor` names no variable.
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}

/** The same as the hook takes them; none for a builder that is no longer declared. */
export function secretValues(
  environment: Readonly<Record<string, string | undefined>>,
  builder: Builder | undefined,
): readonly SecretValue[] {
  return builder === undefined ? [] : Object.entries(secretsAtHand(environment, builder)).map(([name, value]) => ({ name, value }));
}
