import { LineCounter, type Document, isCollection, isMap, isNode, isPair, isScalar, parseDocument } from 'yaml';

import { type Failure, type Outcome, failure, success } from '../../core/failure.ts';
import * as z from '../../core/zod.ts';

/** The phases whose commands a buildspec gives, in their order. */
export const commandPhases = ['install', 'pre_build', 'build', 'post_build'] as const;
export type CommandPhase = (typeof commandPhases)[number];

const Text = z.string().check(z.refine((text) => !text.includes('\0'), 'a NUL cannot be told to a shell'));
const EnvironmentName = z.string().check(
  z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable is named with letters, digits and _'),
  z.refine((name) => !name.startsWith('CODEBUILD_'), 'names that begin with CODEBUILD_ are reserved'),
);

const Phase = z.strictObject({
  'run-as': z.optional(Text),
  'on-failure': z.optional(
    z.string().check(z.regex(/^(?:ABORT|CONTINUE|RETRY(?:-.+)?)$/, 'on-failure is ABORT, CONTINUE, RETRY, RETRY-number or RETRY-pattern')),
  ),
  commands: z.withDefault(z.array(Text), []),
  finally: z.withDefault(z.array(Text), []),
});
type Phase = z.infer<typeof Phase>;

/** Sections that this service never looks into: whether one is there is all that counts. */
const Section = z.record(z.string(), z.unknown());

const BuildspecDocument = z.strictObject({
  version: z.literal('0.2', 'the version is 0.2'),
  'run-as': z.optional(Text),
  env: z.prefault(
    z.strictObject({
      shell: z.withDefault(z.literal(['bash', '/bin/sh'], 'the shell is bash or /bin/sh'), '/bin/sh'),
      variables: z.withDefault(z.record(EnvironmentName, Text), {}),
      'parameter-store': z.withDefault(z.record(EnvironmentName, Text), {}),
      'secrets-manager': z.withDefault(z.record(EnvironmentName, Text), {}),
      'exported-variables': z.withDefault(
        z.array(EnvironmentName.check(z.refine((name) => !name.startsWith('AWS_'), 'CodeBuild exports no AWS_ variables'))),
        [],
      ),
      'git-credential-helper': z.optional(z.literal(['yes', 'no'])),
    }),
    {},
  ),
  proxy: z.optional(Section),
  batch: z.optional(Section),
  phases: z.strictObject({
    install: z.optional(z.extend(Phase, { 'runtime-versions': z.optional(Section) })),
    pre_build: z.optional(Phase),
    build: z.optional(Phase),
    post_build: z.optional(Phase),
  }),
  reports: z.optional(Section),
  artifacts: z.optional(Section),
  cache: z.optional(Section),
});
type BuildspecDocument = z.infer<typeof BuildspecDocument>;

/** What a local run carries out of a buildspec. */
export interface Buildspec {
  readonly shell: 'bash' | '/bin/sh';
  readonly variables: Readonly<Record<string, string>>;
  readonly exportedVariables: readonly string[];
  readonly phases: Readonly<Record<CommandPhase, BuildspecPhase>>;
}

export interface BuildspecPhase {
  readonly commands: readonly string[];
  readonly finally: readonly string[];
  /** Null: the phase's own transition (only a failed build still goes to post_build). */
  readonly onFailure: 'ABORT' | 'CONTINUE' | null;
}

/**
 * Parses a buildspec of version 0.2 for a run on this machine. Every scalar is the text that is written there:
 * `1.10` stays `1.10`.
 *
 * Carried out: `env.shell`, `env.variables`, `env.exported-variables`; of each phase `commands`, `finally` and
 * `on-failure: ABORT | CONTINUE`.
 *
 * Accepted, without effect: `cache` (it only saves time) and `install.runtime-versions` (the machine's own
 * programs are used).
 *
 * Refused, since to leave it out would change what the run does: `run-as`, `env.parameter-store`,
 * `env.secrets-manager` and `env.git-credential-helper: yes` (they exist only on AWS), `on-failure: RETRY...`,
 * `proxy`, `batch`, `reports`, `artifacts`. What is empty is unused and no reason to refuse. Whatever buildspec
 * 0.2 does not know is an error with its line.
 *
 * @param name what messages call the text: `buildspecs/packer-build.yml`.
 */
export function parseBuildspec(text: string, name: string): Outcome<Buildspec> {
  const lines = new LineCounter();
  // The failsafe schema makes every scalar a string, as the variables and commands of a shell are.
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) return invalid(name, lines.linePos(broken.pos[0]).line, broken.message);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return invalid(name, 1, error instanceof Error ? error.message : String(error));
  }
  const parsed = BuildspecDocument.safeParse(content);
  if (parsed.success) return carriedOut(parsed.data, name);
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new TypeError('unreachable: a failed parse without an issue');
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const what = issue.code === 'unrecognized_keys' ? 'buildspec 0.2 has no such key' : issue.message;
  return invalid(name, lineOf(document, lines, path), path.length === 0 ? what : `${path.map(String).join('.')}: ${what}`);
}

function invalid(name: string, line: number, what: string): { readonly ok: false; readonly failure: Failure } {
  return failure('SERVICE_REFUSED', `${name}:${line}: ${what}`, 'mend the buildspec; CodeBuild would refuse it too');
}

function carriedOut(document: BuildspecDocument, name: string): Outcome<Buildspec> {
  const refused = onlyElsewhere(document);
  if (refused !== undefined)
    return failure('SERVICE_REFUSED', `${name}: ${refused}`, 'take it out of the buildspec, or run the build on AWS');
  const phase = (given: Phase | undefined): BuildspecPhase => {
    const onFailure = given?.['on-failure'];
    return {
      commands: given?.commands ?? [],
      finally: given?.finally ?? [],
      onFailure: onFailure === 'ABORT' || onFailure === 'CONTINUE' ? onFailure : null,
    };
  };
  const { install, pre_build, build, post_build } = document.phases;
  return success({
    shell: document.env.shell,
    variables: document.env.variables,
    exportedVariables: document.env['exported-variables'],
    phases: { install: phase(install), pre_build: phase(pre_build), build: phase(build), post_build: phase(post_build) },
  });
}

/** What a document uses that a run on this machine cannot carry out, in a sentence. */
function onlyElsewhere(document: BuildspecDocument): string | undefined {
  const { env } = document;
  if (document['run-as'] !== undefined) return 'run-as: a run on this machine cannot become another user';
  for (const section of ['parameter-store', 'secrets-manager'] as const) {
    const [first] = Object.keys(env[section]);
    if (first !== undefined) return `env.${section}.${first}: ${section} exists only on AWS`;
  }
  if (env['git-credential-helper'] === 'yes') return 'env.git-credential-helper exists only on AWS';
  for (const section of ['proxy', 'batch', 'reports', 'artifacts'] as const) {
    if (document[section] !== undefined && Object.keys(document[section]).length > 0)
      return `${section}: a run on this machine does not carry it out`;
  }
  for (const name of commandPhases) {
    const phase = document.phases[name];
    if (phase?.['run-as'] !== undefined) return `phases.${name}.run-as: a run on this machine cannot become another user`;
    if (phase?.['on-failure']?.startsWith('RETRY') === true)
      return `phases.${name}.on-failure: a run on this machine does not retry a phase`;
  }
  return undefined;
}

/** The line of the deepest node on the way to a path, its key's line where it has one. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const segment of path) {
    if (!isCollection(node)) break;
    const item: unknown = isMap(node)
      ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === segment)
      : node.items[Number(segment)];
    const place: unknown = isPair(item) ? item.key : item;
    if (isNode(place)) offset = place.range?.[0] ?? offset;
    node = isPair(item) ? item.value : item;
  }
  return lines.linePos(offset).line;
}
