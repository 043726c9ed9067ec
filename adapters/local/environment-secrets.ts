import { failure, success } from '../../core/failure.ts';
import { type Secrets } from '../../core/ports.ts';

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
      // `env:constructor` names no variable.
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
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
