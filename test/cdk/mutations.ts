import { type Template } from './template.ts';

export const mutationKinds = [
  'permission',
  'condition of a permission',
  'environment variable',
  'queue mapping',
  'tag',
  'lifecycle rule',
  'method of the API',
  'setting of the stage',
  'retention of a resource',
  'resource',
  'property of a resource',
  'output',
] as const;
export type MutationKind = (typeof mutationKinds)[number];

type Path = readonly (string | number)[];

/** One thing that is taken out of a template, or widened in it. */
export interface Mutation {
  readonly kind: MutationKind;
  /** Where in the template, and what is done there. */
  readonly what: string;
  /** Does it to a template of one's own. */
  readonly apply: (template: Template) => void;
}

/** Every mutation of a template, found by what it looks like and not by what is expected of it. */
export function mutationsOf(template: Template): readonly Mutation[] {
  return [
    ...Object.entries(template.Resources).flatMap(([id, { Type, Properties = {}, ...rest }]) => {
      const path = ['Resources', id, 'Properties'];
      const policies = (['DeletionPolicy', 'UpdateReplacePolicy'] as const).filter((policy) => rest[policy] === 'Retain');
      return [
        removal('resource', ['Resources', id]),
        ...policies.map((policy) => removal('retention of a resource', ['Resources', id, policy])),
        ...(Type === 'AWS::IAM::Role' ? [change('permission', [...path, 'ManagedPolicyArns'], "is somebody else's", [foreign])] : []),
        ...Object.keys(Properties).map((property) => removal('property of a resource', [...path, property])),
        ...statementMutations(Properties, path),
        ...environmentMutations(Type, Properties, path),
        ...mappingMutations(Type, Properties, path),
        ...eachOf(Properties['Tags']).map((_, index) => removal('tag', [...path, 'Tags', index])),
        ...lifecycleMutations(Properties, path),
        ...methodMutations(Type, Properties, path),
        ...stageMutations(Type, Properties, path),
      ];
    }),
    ...Object.keys(template.Outputs ?? {}).map((name) => removal('output', ['Outputs', name])),
  ];
}

const foreign = 'arn:aws:iam::aws:policy/AdministratorAccess';
const everything = { Effect: 'Allow', Principal: { AWS: '*' }, Action: '*', Resource: '*' };

/** Wherever there are statements: each one, each of its actions and resources, and each of its conditions. */
function statementMutations(value: unknown, path: Path): Mutation[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => statementMutations(each, [...path, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'Statement'
      ? [
          change('permission', [...path, key, eachOf(inner).length], 'allows everything', everything),
          ...eachOf(inner).flatMap((statement, index) => mutationsOfStatement(statement, [...path, key, index])),
        ]
      : statementMutations(inner, [...path, key]),
  );
}

function mutationsOfStatement(statement: unknown, path: Path): Mutation[] {
  if (!isRecord(statement)) return [];
  const { Effect, Action, Resource, NotResource, Condition } = statement;
  const several = (key: 'Action' | 'Resource' | 'NotResource', value: unknown) =>
    eachOf(value).length < 2 ? [] : eachOf(value).map((_, index) => removal('permission', [...path, key, index]));
  return [
    removal('permission', path),
    ...several('Action', Action),
    ...several('Resource', Resource),
    ...several('NotResource', NotResource),
    ...(Effect === 'Allow' && Resource !== undefined && Resource !== '*' ? [change('permission', [...path, 'Resource'], 'is *', '*')] : []),
    ...(isRecord(Condition) ? conditionMutations(Condition, [...path, 'Condition']) : []),
  ];
}

function conditionMutations(condition: Record<string, unknown>, path: Path): Mutation[] {
  return [
    removal('condition of a permission', path),
    ...Object.entries(condition).flatMap(([operator, keys]) =>
      Object.entries(isRecord(keys) ? keys : {}).flatMap(([key, values]) => [
        removal('condition of a permission', [...path, operator, key]),
        ...(Array.isArray(values) ? values.map((_, index) => removal('condition of a permission', [...path, operator, key, index])) : []),
      ]),
    ),
  ];
}

function environmentMutations(type: string, properties: Record<string, unknown>, path: Path): Mutation[] {
  const environment = isRecord(properties['Environment']) ? properties['Environment'] : {};
  if (type === 'AWS::Lambda::Function') {
    const at = [...path, 'Environment', 'Variables'];
    return Object.keys(isRecord(environment['Variables']) ? environment['Variables'] : {}).map((name) =>
      removal('environment variable', [...at, name]),
    );
  }
  if (type !== 'AWS::CodeBuild::Project') return [];
  const { BuildSpec } = properties['Source'] as { BuildSpec: string };
  const { env } = JSON.parse(BuildSpec) as { env: Record<string, Record<string, unknown>> };
  const secrets = ['secrets-manager', 'parameter-store'].flatMap((store) => Object.keys(env[store] ?? {}).map((name) => ({ store, name })));
  return [
    ...eachOf(environment['EnvironmentVariables']).map((_, index) =>
      removal('environment variable', [...path, 'Environment', 'EnvironmentVariables', index]),
    ),
    ...secrets.map(({ store, name }) => {
      const { [name]: _, ...rest } = env[store] ?? {};
      const without = JSON.stringify({ ...(JSON.parse(BuildSpec) as object), env: { ...env, [store]: rest } });
      return change('environment variable', [...path, 'Source', 'BuildSpec'], `has no ${name}`, without);
    }),
  ];
}

/** What leads from one thing to the next: mappings, targets, and where goes what does not arrive. */
function mappingMutations(type: string, properties: Record<string, unknown>, path: Path): Mutation[] {
  if (type === 'AWS::Lambda::EventSourceMapping') return Object.keys(properties).map((key) => removal('queue mapping', [...path, key]));
  const found: Mutation[] = [];
  const look = (value: unknown, at: Path): void => {
    if (Array.isArray(value)) return value.forEach((each, index) => look(each, [...at, index]));
    if (!isRecord(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      if (['RedrivePolicy', 'DeadLetterConfig', 'RetryPolicy'].includes(key)) {
        found.push(removal('queue mapping', [...at, key]));
        if (isRecord(inner)) found.push(...Object.keys(inner).map((each) => removal('queue mapping', [...at, key, each])));
      } else if (key === 'Targets' && Array.isArray(inner)) {
        found.push(...inner.map((_, index) => removal('queue mapping', [...at, key, index])));
        look(inner, [...at, key]);
      } else if (key === 'Target') {
        look(inner, [...at, key]);
      }
    }
  };
  look(properties, path);
  return found;
}

function lifecycleMutations(properties: Record<string, unknown>, path: Path): Mutation[] {
  const { LifecycleConfiguration: lifecycle } = properties;
  if (!isRecord(lifecycle)) return [];
  const rules = eachOf(lifecycle['Rules']);
  const place = [...path, 'LifecycleConfiguration', 'Rules'];
  return [
    change('lifecycle rule', [...place, rules.length], 'expires everything in a day', {
      Id: 'one-more',
      ExpirationInDays: 1,
      Status: 'Enabled',
    }),
    ...rules.flatMap((rule, index) => [
      removal('lifecycle rule', [...place, index]),
      ...Object.keys(isRecord(rule) ? rule : {}).map((key) => removal('lifecycle rule', [...place, index, key])),
    ]),
  ];
}

/** Of what API Gateway imports: each method, who may call it and what it is held against, and each answer of its own. */
function methodMutations(type: string, properties: Record<string, unknown>, path: Path): Mutation[] {
  if (type !== 'AWS::ApiGateway::RestApi') return [];
  const body = properties['Body'] as Record<string, Record<string, unknown>>;
  const at = [...path, 'Body'];
  const responses = 'x-amazon-apigateway-gateway-responses';
  const { paths = {}, [responses]: answers = {} } = body;
  return [
    removal('method of the API', [...at, 'x-amazon-apigateway-request-validator']),
    ...Object.entries(paths).flatMap(([resource, methods]) =>
      Object.entries(isRecord(methods) ? methods : {}).flatMap(([method, about]) => {
        const place = [...at, 'paths', resource, method];
        return [
          removal('method of the API', place),
          change('method of the API', [...place, 'security'], 'is open to everybody', []),
          ...Object.keys(isRecord(about) ? about : {}).map((key) => removal('method of the API', [...place, key])),
        ];
      }),
    ),
    change('method of the API', [...at, 'paths', '/healthz'], 'is there', { get: { responses: {} } }),
    ...Object.keys(answers).map((answer) => removal('method of the API', [...at, responses, answer])),
  ];
}

/** Of a stage: its throttle and its logs, and each thing that its access log says. */
function stageMutations(type: string, properties: Record<string, unknown>, path: Path): Mutation[] {
  if (type !== 'AWS::ApiGateway::Stage') return [];
  const settings = eachOf(properties['MethodSettings']);
  const { Format } = properties['AccessLogSetting'] as { Format: string };
  const line = JSON.parse(Format) as Record<string, string>;
  const format = [...path, 'AccessLogSetting', 'Format'];
  return [
    ...settings.flatMap((setting, index) => {
      const place = [...path, 'MethodSettings', index];
      return [
        ...Object.keys(isRecord(setting) ? setting : {}).map((key) => removal('setting of the stage', [...place, key])),
        change('setting of the stage', [...place, 'ThrottlingRateLimit'], 'is ten thousand', 10_000),
        change('setting of the stage', [...place, 'DataTraceEnabled'], 'is true', true),
      ];
    }),
    removal('setting of the stage', [...path, 'AccessLogSetting', 'DestinationArn']),
    ...Object.keys(line).map((key) => {
      const { [key]: _, ...rest } = line;
      return change('setting of the stage', format, `has no ${key}`, JSON.stringify(rest));
    }),
    change('setting of the stage', format, 'has the query', JSON.stringify({ ...line, query: '$context.requestOverride.querystring' })),
  ];
}

function removal(kind: MutationKind, path: Path): Mutation {
  return { kind, what: `${path.join('.')} is gone`, apply: (template) => edit(template, path, undefined) };
}

function change(kind: MutationKind, path: Path, how: string, value: unknown): Mutation {
  return { kind, what: `${path.join('.')} ${how}`, apply: (template) => edit(template, path, value) };
}

function edit(template: Template, path: Path, value: unknown): void {
  const last = path.at(-1);
  let node: unknown = template;
  for (const step of path.slice(0, -1)) node = (node as Record<string | number, unknown>)[step];
  if (Array.isArray(node) && value === undefined) node.splice(Number(last), 1);
  else if (value === undefined) delete (node as Record<string | number, unknown>)[last ?? ''];
  else (node as Record<string | number, unknown>)[last ?? ''] = value;
}

function eachOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
