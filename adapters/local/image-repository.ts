import { type Builder } from '../../core/config.ts';
import { digestOf } from '../../core/digest.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { optionInput, plainVariableInput, sensitiveVariableInput, sortInputs, toolInput } from '../../core/fingerprint.ts';
import { VariableName } from '../../core/identity.ts';
import { type Input, type UndeclaredInput } from '../../core/input.ts';
import { type Discovery, type ImageRepository } from '../../core/ports.ts';
import type { NamedPath, OpenReference, TemplateDiscovery } from '../packer/template/discover-template.ts';
import { repositoryFiles } from './image-repository-files.ts';
import { type HashedInputs } from './hashed-inputs.ts';
import { type InputFiles, collectInputFiles } from './input-file-collection.ts';
import { wouldMatch } from './input-file-globs.ts';
import { lookAt, pathBelow, realRoot } from './input-file-place.ts';
import { readInputFile } from './input-file.ts';
import { type Sightings, noSightings } from './input-sightings.ts';
import { type Grounds } from './kept-answer.ts';
import { discoverRemembered } from './remembered-discovery.ts';
import { type StatCache, openStatCache } from './stat-cache.ts';

/**
 * The reference of a variable that the template calls sensitive and hybridcore.yaml names no secret for: its value is
 * the template's own affair (a default or a variable file, which are inputs with their digests).
 */
export const templateReference = 'template';

/** What may be kept of one discovery for the next. */
export interface InputsMemory {
  /** Where, absolute: the home of the repository. */
  readonly home: string;
  /** Names the very program that runs: what another one kept is not believed. */
  readonly program: string;
}

/** What was found out of the inputs, which are made as they are asked for. */
export interface Survey extends Omit<Discovery, 'inputs'> {
  /** In the order of the fingerprint; any number of times. */
  readonly inputs: Iterable<Input>;
}

/** An image repository, whose inputs may be too many to be taken all at once. */
export interface SurveyedRepository extends Pick<ImageRepository, 'discover'> {
  /** Discovers the same. */
  survey(builder: Builder, requestVariables: Readonly<Record<string, string>>): Promise<Outcome<Survey>>;
}

/**
 * Discovers the inputs of the builders of the image repository at `root`, the folder of `hybridcore.yaml`. The answer
 * depends on what stands there and on nothing else: not on where the repository lies, on times, owners, the order of
 * folders or the environment. Names are looked for first and hashed afterwards.
 *
 * @param memory makes the answer faster, and never another one: only files that changed are read. Without it every byte is.
 * @param onGrounds gets what the answer of a discovery rests on, where there is a memory that can be written to.
 */
export function imageRepository(root: string, memory?: InputsMemory, onGrounds?: (grounds: Grounds) => void): SurveyedRepository {
  async function survey(builder: Builder, requestVariables: Readonly<Record<string, string>>): Promise<Outcome<Survey>> {
    const real = realRoot(root);
    const cache = memory === undefined ? undefined : openStatCache(memory.home, { root: real, program: memory.program });
    const sightings = noSightings();
    let hashed: HashedInputs | undefined;
    const onRead = (all: HashedInputs): void => void (hashed = all);
    try {
      const found = await discover(real, builder, requestVariables, { sightings, cache, onRead });
      if (found.ok && cache !== undefined && hashed !== undefined) {
        const { read } = hashed;
        onGrounds?.({
          root: real,
          sightings,
          names: hashed.names(),
          read,
          begun: cache.begun,
          identityOf: (name) => cache.identityOf(name),
        });
      }
      return found;
    } finally {
      cache?.close();
    }
  }
  return {
    survey,
    async discover(builder, requestVariables) {
      const found = await survey(builder, requestVariables);
      return found.ok ? success({ ...found.value, inputs: [...found.value.inputs] }) : found;
    },
  };
}

interface Means {
  readonly sightings: Sightings;
  readonly cache: StatCache | undefined;
  /** Gets the files when they are hashed. */
  readonly onRead: (hashed: HashedInputs) => void;
}

async function discover(
  root: string,
  builder: Builder,
  requestVariables: Readonly<Record<string, string>>,
  means: Means,
): Promise<Outcome<Survey>> {
  const repository = repositoryFiles(root, builder.inputs.exclude, means.sightings);
  const files = collectInputFiles(root, builder.inputs.exclude, means);
  try {
    // First: what a glob finds may be many files, which are hashed while the template is parsed.
    const globbed = addGlobbed(files, builder);
    const template = await discoverRemembered(builder, requestVariables, repository, means.cache);
    if (!template.ok) return template;
    const shown = addShown(files, template.value);
    if (!shown.ok) return shown;
    if (!globbed.ok) return globbed;
    const hashed = await files.hash();
    return hashed.ok ? discovery(root, builder, requestVariables, template.value, hashed.value, means) : hashed;
  } finally {
    files.close();
  }
}

function discovery(
  root: string,
  builder: Builder,
  requestVariables: Readonly<Record<string, string>>,
  template: TemplateDiscovery,
  hashed: HashedInputs,
  means: Means,
): Outcome<Survey> {
  means.onRead(hashed);
  const stable = holdsAgainst(root, template, hashed);
  if (!stable.ok) return stable;
  const declared = declaredInputs(builder, requestVariables, template.sensitiveVariables);
  if (!declared.ok) return declared;
  return success({
    inputs: hashed.inOrderWith(sortInputs(declared.value)),
    undeclared: template.open
      .filter((reference) => !isCovered(builder, reference))
      .map((reference) => undeclaredInput(reference))
      .sort((a, b) => (a.template === b.template ? a.line - b.line : a.template < b.template ? -1 : 1)),
    sensitiveVariables: template.sensitiveVariables,
    sensitiveValues: template.sensitiveValues,
    manifestOutputs: template.manifestOutputs,
    requiresPlugins: template.requiresPlugins,
  });
}

function addGlobbed(files: InputFiles, builder: Builder): Outcome<null> {
  const scripts = files.addMatching(builder.inputs.scripts, 'script', 'hybridcore.yaml (inputs.scripts)');
  return scripts.ok ? files.addMatching(builder.inputs.configs, 'config', 'hybridcore.yaml (inputs.configs)') : scripts;
}

/** What the template shows: its own files, what it names, and what it says that it writes. */
function addShown(files: InputFiles, template: TemplateDiscovery): Outcome<null> {
  for (const { path, where } of template.files) {
    const added = files.addFile(path, 'template', where);
    if (!added.ok) return added;
  }
  for (const named of template.named) {
    const added = addNamed(files, named);
    if (!added.ok) return added;
  }
  for (const output of template.manifestOutputs) files.remove(output);
  return success(null);
}

function addNamed(files: InputFiles, named: NamedPath): Outcome<null> {
  const added = files.add(named.path, named.kind, named.where);
  if (!added.ok) return added;
  if (added.value.found || named.optional) return success(null);
  // As packer takes it: what matches a pattern that is a folder counts with all that is in it.
  if (named.form === 'pattern' && /[*?[]/.test(named.path))
    return files.addMatching([named.path, `${named.path}/**`], named.kind, named.where);
  return failure(
    'INPUT_UNREADABLE',
    `${named.where} names ${JSON.stringify(named.path)}, which is not there`,
    "put the file there or mend the template; relative paths start at the repository's root, ${path.root} is the template's folder",
  );
}

/** More than any file has that is parsed. Bytes. */
const parsedLimit = 64 * 1024 * 1024;

/** What was parsed must be what was hashed: a template that changed in between would be fingerprinted with other references. */
function holdsAgainst(root: string, template: TemplateDiscovery, hashed: HashedInputs): Outcome<null> {
  for (const { path, digest, where } of [...template.files, ...template.consulted]) {
    const place = lookAt(root, path, where);
    if (!place.ok) return place;
    const link = place.value.type === 'absent' ? undefined : place.value.link;
    if (link === undefined) {
      const name = place.value.type === 'absent' ? path : (pathBelow(root, place.value.file) ?? path);
      if (hashed.get(name)?.digest === digest) continue;
    } else {
      // A link's digest is over more than the bytes that were parsed: with them once more it must be the same.
      const content = readInputFile(root, path, where, parsedLimit);
      if (!content.ok) return content;
      const ofLink = digestOf(Buffer.concat([Buffer.from(`${link}\0`), content.value]));
      if (digestOf(content.value) === digest && hashed.hasLink(ofLink)) continue;
    }
    return failure(
      'INPUT_UNREADABLE',
      `${JSON.stringify(path)}, named by ${where}, changed while it was read`,
      'keep the repository still, and ask again',
    );
  }
  return success(null);
}

function declaredInputs(
  builder: Builder,
  requestVariables: Readonly<Record<string, string>>,
  sensitiveVariables: readonly string[],
): Outcome<Input[]> {
  const references = new Map([...sensitiveVariables.map((name) => [name, templateReference] as const), ...Object.entries(builder.secrets)]);
  const plain = Object.entries(requestVariables).filter(([name]) => !references.has(name));
  for (const name of [...references.keys(), ...plain.map(([variable]) => variable)]) {
    if (!VariableName.safeParse(name).success) {
      return failure(
        'INPUT_NAME',
        `the variable ${JSON.stringify(name)} has a name that a manifest does not take`,
        'name variables with letters, digits, _ and -',
      );
    }
  }
  for (const [name, value] of plain) {
    if (!value.isWellFormed())
      return failure('REQUEST_INVALID', `the value of the variable ${name} cannot be written as UTF-8`, 'give it another value');
  }
  return success([
    ...(builder.packer === undefined ? [] : [toolInput('packer', builder.packer.version)]),
    ...(builder.var_files.length === 0 ? [] : [optionInput('var_files', [...builder.var_files])]),
    // Packer runs what they name, in the template's own order.
    ...(['only', 'except'] as const).flatMap((name) =>
      builder[name].length === 0 ? [] : [optionInput(name, [...new Set(builder[name])].toSorted())],
    ),
    ...[...references].map(([name, reference]) => sensitiveVariableInput(name, reference)),
    ...plain.map(([name, value]) => plainVariableInput(name, value)),
  ]);
}

/** Whether a declared glob finds the files that an unresolved reference may become. */
function isCovered(builder: Builder, { mayBe }: OpenReference): boolean {
  const globs = { patterns: [...builder.inputs.scripts, ...builder.inputs.configs], exclude: builder.inputs.exclude };
  return mayBe !== undefined && globs.patterns.length > 0 && mayBe.every((path) => wouldMatch(globs, path));
}

function undeclaredInput({ reference, template, line, why }: OpenReference): UndeclaredInput {
  return { reference, template, line, why };
}
