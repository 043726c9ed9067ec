import { type Stack } from 'aws-cdk-lib';
import { type PolicyStatement } from 'aws-cdk-lib/aws-iam';

import { type Builder } from '../../core/config.ts';
import { secretVariable } from '../../core/contract/variables.ts';
import { allow, secretArn } from './permissions.ts';

type Buildspec = Readonly<Record<string, unknown>>;

/** One secret of a builder, as the build service resolves it. */
type Secret =
  | { readonly from: 'secrets-manager'; readonly variable: string; readonly name: string; readonly jsonKey: string | undefined }
  | { readonly from: 'parameter-store'; readonly variable: string; readonly name: string };

/** The buildspec with the builder's secrets among its variables: the build service reads them, and hides them in its log. */
export function buildspecWithSecrets(buildspec: Buildspec, builder: Builder): Buildspec {
  const secrets = secretsOf(builder);
  if (secrets.length === 0) return buildspec;
  const environment = isRecord(buildspec['env']) ? buildspec['env'] : {};
  const section = (from: Secret['from']) => {
    const added = secrets.filter((secret) => secret.from === from).map((secret) => [secret.variable, locationOf(secret)] as const);
    const standing = environment[from];
    return added.length === 0 ? {} : { [from]: { ...(isRecord(standing) ? standing : {}), ...Object.fromEntries(added) } };
  };
  return { ...buildspec, env: { ...environment, ...section('secrets-manager'), ...section('parameter-store') } };
}

/** What the role of a builder needs to read its secrets, each by its name. */
export function secretStatements(stack: Stack, builder: Builder): PolicyStatement[] {
  const secrets = secretsOf(builder);
  const arns = (from: Secret['from'], arnOf: (name: string) => string) => [
    ...new Set(secrets.filter((secret) => secret.from === from).map(({ name }) => arnOf(name))),
  ];
  const managed = arns('secrets-manager', (name) => secretArn(stack, name));
  const parameters = arns('parameter-store', (name) =>
    stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.replace(/^\//, '') }),
  );
  return [
    ...(managed.length === 0 ? [] : [allow('ReadItsSecrets', { actions: ['secretsmanager:GetSecretValue'], resources: managed })]),
    ...(parameters.length === 0 ? [] : [allow('ReadItsParameters', { actions: ['ssm:GetParameters'], resources: parameters })]),
  ];
}

function secretsOf(builder: Builder): Secret[] {
  return Object.values(builder.secrets).flatMap((reference): Secret[] => {
    const variable = secretVariable(reference);
    const [kind = '', ...rest] = reference.split(':');
    const [name = '', jsonKey] = rest.join(':').split('#');
    if (kind === 'secretsmanager') return [{ from: 'secrets-manager', variable, name, jsonKey }];
    return kind === 'ssm' ? [{ from: 'parameter-store', variable, name }] : [];
  });
}

function locationOf(secret: Secret): string {
  return secret.from === 'secrets-manager' && secret.jsonKey !== undefined ? `${secret.name}:${secret.jsonKey}` : secret.name;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
