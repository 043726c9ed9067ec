/** A synthesized template, as CloudFormation reads it. */
export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs?: Record<string, { readonly Value: unknown }>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** A resource with the name that it has in expectations: its logical id without the hashes that the CDK puts after it. */
export interface NamedResource {
  readonly name: string;
  readonly properties: Record<string, unknown>;
  readonly resource: Resource;
}

const byType = new WeakMap<Template, ReadonlyMap<string, NamedResource[]>>();

/** The resources of a type, by name. A template is not changed after it was first looked at. */
export function resourcesOf(template: Template, type: string): readonly NamedResource[] {
  const known = byType.get(template) ?? grouped(template);
  byType.set(template, known);
  return known.get(type) ?? [];
}

function grouped(template: Template): ReadonlyMap<string, NamedResource[]> {
  const all = Object.entries(template.Resources).map(([id, resource]) => ({
    name: nameOf(id),
    properties: resource.Properties ?? {},
    resource,
  }));
  return Map.groupBy(
    all.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ({ resource }) => resource.Type,
  );
}

function nameOf(logicalId: string): string {
  // A deployment of an API has one more, of what it deploys.
  return logicalId.replace(/[0-9A-F]{8}(?:[0-9a-f]{32})?$/, '');
}

const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'REGION',
  'AWS::AccountId': 'ACCOUNT',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * A value of a template with its references put in by name, so that it can be held against what is expected: `Bucket.Arn/x/*`.
 * Digests of assets are all alike.
 */
export function shown(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/[0-9a-f]{64}/g, 'DIGEST');
  if (Array.isArray(value)) return value.map((each) => shown(each));
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = ['', undefined], ...rest] = Object.entries(value);
  if (rest.length === 0) {
    if (key === 'Ref') return pseudoParameters[String(inner)] ?? nameOf(String(inner));
    if (key === 'Fn::GetAtt' && Array.isArray(inner)) return `${nameOf(String(inner[0]))}.${String(inner[1])}`;
    if (key === 'Fn::Sub' && typeof inner === 'string')
      return shown(inner.replaceAll(/\$\{(AWS::\w+)\}/g, (_, name: string) => pseudoParameters[name] ?? name));
    if (key === 'Fn::Join' && Array.isArray(inner) && Array.isArray(inner[1]))
      return inner[1].map((part) => shown(part)).join(String(inner[0]));
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)]));
}

/** One statement of a policy as lines: a line for each action and each resource, who for and on which condition. */
export function statementLines(statement: unknown): string[] {
  const { Sid, Effect, Principal, Action, Resource, Condition, ...rest } = shown(statement) as Record<string, unknown>;
  const who = Principal === undefined ? '' : ` ${JSON.stringify(Principal)}`;
  const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
  const other = Object.keys(rest).length === 0 ? '' : ` with ${JSON.stringify(rest)}`;
  return [...listOf(Action)].flatMap((action) =>
    (Resource === undefined ? [''] : listOf(Resource)).map(
      (resource) =>
        [
          `${String(Effect)} ${typeof Sid === 'string' ? Sid : '-'}${who}:`,
          String(action),
          ...(resource === '' ? [] : ['on', String(resource)]),
        ].join(' ') +
        condition +
        other,
    ),
  );
}

/** The lines of all statements of a policy document, in order. */
export function policyLines(document: unknown): string[] {
  const statements = typeof document === 'object' && document !== null && 'Statement' in document ? document.Statement : [];
  return listOf(statements)
    .flatMap((statement) => statementLines(statement))
    .sort();
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
