import { type Builder } from '../../../core/config.ts';
import { type Outcome, failure, success } from '../../../core/failure.ts';
import { type FileKind, type UndeclaredInput } from '../../../core/input.ts';
import { findReferences } from './find-references.ts';
import { type Body, literal, mergeBodies, placeText } from './hcl-document.ts';
import { createEvaluator } from './hcl-evaluate.ts';
import { loadHclParser } from './hcl-parser.ts';
import { type Surroundings } from './hcl-surroundings.ts';
import { type Evaluation, unknown } from './hcl-value.ts';
import { goTemplate } from './legacy-json.ts';
import { type ParsedFile, createTemplateReader } from './read-template.ts';
import { type FoundReference, type UnresolvedReference } from './reference-collection.ts';
import { type RepositoryFiles } from './repository-files.ts';
import { type RepositoryReading, createRepositoryReading } from './repository-reading.ts';
import { type TemplateFiles, normalizedPath, templateFiles } from './template-files.ts';
import { resolveTemplatePath } from './template-path.ts';
import { sensitiveTexts } from './sensitive-texts.ts';
import {
  type GivenValues,
  type VariableFile,
  declaredLocals,
  declaredVariables,
  valueExpression,
  variableValue,
} from './template-variables.ts';
import { type Selection, unusedBlocks } from './unused-blocks.ts';

/** A file, a folder or a pattern below the root that the template names. */
export interface NamedPath {
  readonly path: string;
  readonly kind: Exclude<FileKind, 'template'>;
  readonly form: FoundReference['form'];
  readonly optional: boolean;
  /** The template's file and line. */
  readonly where: string;
}

/** A reference that cannot be resolved, with the paths below the root that it may become (`anyText` for the unknown). */
export interface OpenReference extends UndeclaredInput {
  /** Undefined where one of its forms certainly lies outside. */
  readonly mayBe: readonly string[] | undefined;
}

/** What a builder's template shows without running packer. */
export interface TemplateDiscovery {
  readonly files: readonly ParsedFile[];
  /** What else was read to find out what is named: files that the template reads itself. */
  readonly consulted: readonly ParsedFile[];
  readonly named: readonly NamedPath[];
  readonly open: readonly OpenReference[];
  readonly sensitiveVariables: readonly string[];
  readonly sensitiveValues: readonly string[];
  /** Below the root. */
  readonly manifestOutputs: readonly string[];
  readonly requiresPlugins: boolean;
}

/**
 * Reads the template and the variable files of a builder and finds every file that they name. Packer runs in the
 * repository's root, so that is what relative paths of attributes are relative to. TEMPLATE_MISSING, TEMPLATE_INVALID,
 * PATH_OUTSIDE and INPUT_UNREADABLE, each with its place.
 */
export async function discoverTemplate(
  builder: Pick<Builder, 'template' | 'var_files' | 'secrets' | 'only' | 'except'>,
  requestVariables: Readonly<Record<string, string>>,
  files: RepositoryFiles,
): Promise<Outcome<TemplateDiscovery>> {
  const loaded = templateFiles(builder.template, files);
  if (!loaded.ok) return loaded;
  // A legacy template needs no HCL, so its builder does not pay for the parser.
  const parser = loaded.value.notation === 'hcl' ? await loadHclParser() : undefined;
  const read = createTemplateReader(files);

  const bodies: Body[] = [];
  for (const path of loaded.value.templates) {
    const body = read.template(path, parser);
    if (!body.ok) return body;
    bodies.push(body.value);
  }
  const variableFiles: VariableFile[] = [];
  for (const { path, where } of variableFilesOf(loaded.value, builder.var_files)) {
    const values = read.variables(path, where, parser);
    if (!values.ok) return values;
    variableFiles.push({ values: values.value, notation: parser !== undefined && !path.endsWith('.json') ? 'hcl' : 'json' });
  }
  const given: GivenValues = {
    files: variableFiles,
    request: requestVariables,
    secrets: new Set(Object.keys(builder.secrets)),
    typed: parser !== undefined,
    text: (text) => (parser === undefined ? goTemplate(text, requestPlace) : literal(text, requestPlace)),
    parse(text) {
      const parsed = parser?.parseExpression(text, requestPlace);
      return parsed?.ok === true ? parsed.value : undefined;
    },
  };
  return discoverIn(mergeBodies(bodies), given, {
    selection: builder,
    loaded: loaded.value,
    parsed: read.parsed,
    files,
    reading: createRepositoryReading(files, parser),
  });
}

function variableFilesOf(loaded: TemplateFiles, declared: readonly string[]): { path: string; where: string }[] {
  return [
    ...loaded.autoVariables.map((path) => ({ path, where: 'the template folder' })),
    ...declared.map((path) => ({ path: normalizedPath(path), where: 'hybridcore.yaml (var_files)' })),
  ];
}

const requestPlace = { file: 'the request', line: 1 } as const;

interface Grounds {
  readonly selection: Selection;
  readonly loaded: TemplateFiles;
  readonly parsed: readonly ParsedFile[];
  readonly files: RepositoryFiles;
  readonly reading: RepositoryReading;
}

function discoverIn(
  template: Body,
  given: GivenValues,
  { selection, loaded, parsed, files, reading }: Grounds,
): Outcome<TemplateDiscovery> {
  const variables = declaredVariables(template);
  const locals = declaredLocals(template);
  const values = new Map<string, Evaluation>();
  const surroundings: Surroundings = {
    folder: loaded.folder,
    local: (name) => locals.get(name)?.value,
    variableExpression: (name) => valueExpression(name, variables.get(name), given).expression,
    filesIn: (folder, pattern) => files.filesIn(folder, pattern),
    isFile: (path) => reading.isFile(path, 'the template'),
    textIn: (path) => reading.text(path, 'the template'),
    templateIn: (path) => reading.template(path, 'the template'),
    variable(name) {
      const cached = values.get(name);
      if (cached !== undefined) return cached;
      // Stands while the value is looked up: a variable may refer to itself.
      values.set(name, unknown(`the variable ${name} refers to itself`));
      const value = variableValue(name, variables.get(name), given, (expression) => evaluator.evaluate(expression));
      values.set(name, value);
      return value;
    },
  };
  const evaluator = createEvaluator(surroundings);
  const unused = unusedBlocks(template, evaluator, selection);
  const used = { ...template, blocks: template.blocks.filter((block) => !unused.has(block)) };
  const references = findReferences(used, evaluator, reading, loaded.folder);
  const named: NamedPath[] = [];
  for (const reference of references.found) {
    const path = pathOf(reference, loaded.folder);
    if (!path.ok) return path;
    if (path.value !== undefined) named.push(path.value);
  }
  const sensitiveVariables = [...variables.values()].filter(({ sensitive }) => sensitive).map(({ name }) => name);
  const secretExpressions = [
    ...sensitiveVariables.flatMap((name) => [variables.get(name)?.default, ...given.files.map((file) => file.values.get(name))]),
    ...[...locals.values()].map(({ sensitive, value }) => (sensitive ? value : undefined)),
  ].filter((expression) => expression !== undefined);
  return success({
    files: parsed,
    consulted: reading.read,
    named,
    open: references.unresolved.filter((reference) => !isRemote(reference)).map((reference) => openReference(reference, loaded.folder)),
    sensitiveVariables: sensitiveVariables.toSorted(),
    sensitiveValues: sensitiveTexts(secretExpressions, {
      evaluate: (expression) => evaluator.evaluate(expression),
      named: (root, name) =>
        root === 'local' ? surroundings.local(name) : root === 'var' ? surroundings.variableExpression(name) : undefined,
    }),
    manifestOutputs: [...new Set(references.manifestOutputs.flatMap((output) => insidePath(output, '')))],
    requiresPlugins: template.blocks.some(
      (block) =>
        block.type === 'packer' && block.body.blocks.some((inner) => inner.type === 'required_plugins' && inner.body.attributes.length > 0),
    ),
  });
}

function pathOf(reference: FoundReference, folder: string): Outcome<NamedPath | undefined> {
  const where = placeText(reference.place);
  const path = resolveTemplatePath(reference.text, reference.relativeTo === 'root' ? '' : folder);
  if (path.type === 'inside')
    return success({ path: path.path, kind: reference.kind, form: reference.form, optional: reference.optional, where });
  if (path.type === 'remote' || reference.outsideAllowed) return success(undefined);
  return failure(
    'PATH_OUTSIDE',
    `${where} names ${JSON.stringify(reference.text.replaceAll('\0', ''))}, which is outside the repository`,
    "bring the file into the repository and name it from there, for instance with ${path.root}; relative paths start at the repository's root",
  );
}

function openReference(reference: UnresolvedReference, folder: string): OpenReference {
  const base = reference.relativeTo === 'root' ? '' : folder;
  const paths = reference.alternatives.flatMap((text) => insidePath(text, base));
  return {
    reference: reference.expression,
    template: reference.place.file,
    line: reference.place.line,
    why: reference.why,
    mayBe: paths.length === reference.alternatives.length ? paths : undefined,
  };
}

/** Whatever is filled in, packer fetches it: `https://...`. */
function isRemote({ alternatives }: UnresolvedReference): boolean {
  return alternatives.length > 0 && alternatives.every((text) => resolveTemplatePath(text, '').type === 'remote');
}

function insidePath(text: string, base: string): string[] {
  const path = resolveTemplatePath(text, base);
  return path.type === 'inside' && path.path !== '' ? [path.path] : [];
}
