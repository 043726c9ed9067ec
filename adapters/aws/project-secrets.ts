import { secretVariable } from '../../core/contract/variables.ts';
import { failure, success } from '../../core/failure.ts';
import { type Secrets } from '../../core/ports.ts';

/** The stores that the build service reads, by how a reference begins. */
const stores = [
  { prefix: 'secretsmanager:', remedy: "look whether Secrets Manager has it, with that key, and whether the project's role may read it" },
  { prefix: 'ssm:', remedy: "look whether Parameter Store has it, and whether the project's role may read it" },
] as const;

/**
 * Secrets in the environment of a CodeBuild project: the service has read each from the store that its reference names, and
 * put the value into the variable `secretVariable`. The attempt itself reads no store and needs no permission to.
 */
export function projectSecrets(environment: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    async read(reference) {
      const store = stores.find(({ prefix }) => reference.startsWith(prefix));
      if (store === undefined)
        return failure(
          'SECRET_UNAVAILABLE',
          `${reference} is no secret of a store, and on AWS secrets come from stores alone`,
          'name it in hybridcore.yaml as secretsmanager:ID#KEY or ssm:/NAME, put the value there, and deploy',
        );
      const name = secretVariable(reference);
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (value === undefined || value === '')
        return failure(
          'SECRET_UNAVAILABLE',
          `${reference} is empty, or the build service did not fill it in (${name})`,
          `${store.remedy}; where the reference is new in hybridcore.yaml, deploy`,
        );
      return success(value);
    },
  };
}
