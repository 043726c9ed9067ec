import { anyText } from './hcl-alternatives.ts';
import { createAnsibleSearch } from './find-ansible.ts';
import { createCallSearch } from './find-calls.ts';
import { type PathInCommand, findInCommands, findInEnvironment, holdsCommands, holdsEnvironment } from './find-commands.ts';
import { type ComponentRole, type FileAttribute, fileAttribute } from './file-references.ts';
import { type Attribute, type Block, type Body, type Expression, type Place, attributeOf, literal } from './hcl-document.ts';
import { type Bindings, type Evaluator, noBindings } from './hcl-surroundings.ts';
import { pairsOf } from './hcl-operations.ts';
import { type Value, isList, isMap, isSet, itemsOf, textOf, textsIn } from './hcl-value.ts';
import { type FoundReference, type UnresolvedReference, createReferenceCollection } from './reference-collection.ts';
import { type RepositoryReading } from './repository-reading.ts';
import { fromRepositoryPath, resolveTemplatePath } from './template-path.ts';

export interface References {
  readonly found: readonly FoundReference[];
  readonly unresolved: readonly UnresolvedReference[];
  /** The texts of `output` of manifest post-processors, relative to packer's working directory. */
  readonly manifestOutputs: readonly string[];
}

const roles: ReadonlyMap<string, ComponentRole> = new Map([
  ['source', 'builder'],
  ['provisioner', 'provisioner'],
  ['error-cleanup-provisioner', 'provisioner'],
  ['post-processor', 'post-processor'],
  ['data', 'data'],
]);

/** Why a path in a command is no input. */
const whyOpen = {
  missing: 'it is not there, so an earlier step of the build must make it',
  names: 'a command of this machine names it, and whether it is read or written only the command knows',
  pattern: 'a command of this machine names what it finds, and whether that is read or written only the command knows',
} as const;

/** Variables of the environment by which Ansible is told of files and folders. */
const environmentPaths = /^ANSIBLE_(?:CONFIG|INVENTORY|\w+_(?:PATH|PLUGINS))S?=(.*)$/s;

/** Attributes that hold several paths. */
const severalNames = /s$|^include$/;

/** Attributes by which a component says where it writes. */
const outputAttribute = /^(?:output\w*|target|\w*target_path)$/;

/**
 * Every file that a template names, in the order of its text, and what of it could not be resolved.
 *
 * @param folder the template's, below the root.
 */
export function findReferences(template: Body, evaluator: Evaluator, reading: RepositoryReading, folder: string): References {
  const collection = createReferenceCollection(evaluator);
  const { found, unresolved, note } = collection;
  const visitCalls = createCallSearch({ evaluator, reading, collection, folder });
  const ansible = createAnsibleSearch({ evaluator, reading, collection });
  const manifestOutputs: string[] = [];
  const outputs: string[] = [];
  const inCommands: PathInCommand[] = [];

  function visitBody(body: Body, component: { readonly role: ComponentRole; readonly type: string } | undefined, bindings: Bindings): void {
    for (const attribute of body.attributes) {
      if (component !== undefined) visitAttribute(attribute.name, attribute.value, component, body, bindings);
      visitCalls(attribute.value, bindings);
    }
    for (const block of body.blocks) visitBlock(block, block.labels, component, bindings);
  }

  function visitBlock(
    block: Block,
    labels: readonly string[],
    outer: { readonly role: ComponentRole; readonly type: string } | undefined,
    bindings: Bindings,
  ): void {
    if (block.type === 'dynamic') {
      visitDynamic(block, outer, bindings);
      return;
    }
    const role = roles.get(block.type);
    // `source "amazon-ebs" "base"`, and in a build block `source "source.amazon-ebs.base"`.
    const type = (labels[0] ?? '').replace(/^source\./, '').split('.')[0] ?? '';
    if (block.type === 'post-processor' && type === 'manifest') visitManifest(block.body, bindings);
    visitBody(block.body, role === undefined ? outer : { role, type }, bindings);
  }

  function visitDynamic(
    block: Block,
    outer: { readonly role: ComponentRole; readonly type: string } | undefined,
    bindings: Bindings,
  ): void {
    const [type] = block.labels;
    const content = block.body.blocks.find((inner) => inner.type === 'content');
    if (type === undefined || content === undefined) return;
    const forEach = attributeOf(block.body, 'for_each')?.value;
    const iterator = attributeOf(block.body, 'iterator')?.value;
    const name = iterator?.type === 'name' ? iterator.name : type;
    const labels = attributeOf(block.body, 'labels')?.value;
    const collection = forEach === undefined ? undefined : evaluator.evaluate(forEach, bindings);
    const pairs = collection?.known === true ? pairsOf(collection.value, false) : undefined;
    for (const pair of pairs ?? [undefined]) {
      const value = pair === undefined ? undefined : new Map([['key', pair[0]] as const, ['value', pair[1]] as const]);
      const inner = new Map([...bindings, [name, value] as const]);
      const given = labels === undefined ? undefined : evaluator.evaluate(labels, inner);
      // The type decides which attributes name files.
      if (labels !== undefined && given?.known === false) note(labels, 'root', given.why, inner);
      visitBlock({ ...content, type }, given?.known === true ? textsIn(given.value) : [], outer, inner);
    }
  }

  function visitAttribute(
    name: string,
    value: Expression,
    component: { readonly role: ComponentRole; readonly type: string },
    body: Body,
    bindings: Bindings,
  ): void {
    if (name === 'override' && (component.role === 'provisioner' || component.role === 'post-processor')) {
      // One object for each build or provider, whose attributes stand in place of the component's own.
      for (const build of membersOf(value, bindings)) visitMembers(build.value, component, body, bindings);
      return;
    }
    if (holdsCommands(component.role, component.type, name)) {
      inCommands.push(...findInCommands(value, bindings, { evaluator, reading, collection, name }));
      return;
    }
    if (holdsEnvironment(component.type, name)) inCommands.push(...findInEnvironment(value, bindings, { evaluator, reading }));
    if (outputAttribute.test(name)) {
      const output = evaluator.evaluate(value, bindings);
      if (output.known) outputs.push(...textsIn(output.value).filter((text) => text !== ''));
    }
    const row = fileAttribute(component.role, component.type, name);
    if (row === undefined) {
      if (isNestedBlock(name, value)) for (const block of blocksIn(value)) visitMembers(block, component, body, bindings);
      return;
    }
    if (component.type === 'file' && component.role === 'provisioner') {
      if (isGiven(body, 'direction', 'download', bindings)) return;
      if (isGiven(body, 'generated', 'true', bindings)) {
        note(value, 'root', 'an earlier step of the build makes it', bindings);
        return;
      }
    }
    if (row.form === 'arguments') ansible.arguments(value, component.type !== 'ansible', bindings);
    else visitPaths(value, name, row, component, bindings);
  }

  /** The members of an object as attributes of the component. */
  function visitMembers(
    object: Expression,
    component: { readonly role: ComponentRole; readonly type: string },
    body: Body,
    bindings: Bindings,
  ): void {
    for (const { name, value } of membersOf(object, bindings)) visitAttribute(name, value, component, body, bindings);
  }

  /** What is no map has none; one that is not known is noted. */
  function membersOf(object: Expression, bindings: Bindings): { readonly name: string; readonly value: Expression }[] {
    if (object.type === 'object') {
      return object.entries.map(({ key, value }) => {
        const known = evaluator.evaluate(key, bindings);
        return { name: (known.known ? textOf(known.value) : undefined) ?? '', value };
      });
    }
    const evaluation = evaluator.evaluate(object, bindings);
    if (!evaluation.known) note(object, 'root', evaluation.why, bindings);
    if (!evaluation.known || !isMap(evaluation.value)) return [];
    return [...evaluation.value].map(([name, value]) => ({ name, value: writtenAs(value, object) }));
  }

  function visitPaths(
    value: Expression,
    name: string,
    row: FileAttribute,
    component: { readonly role: ComponentRole; readonly type: string },
    bindings: Bindings,
  ): void {
    if (value.type === 'list') {
      for (const item of value.items) visitPaths(item, '', row, component, bindings);
      return;
    }
    const evaluation = evaluator.evaluate(value, bindings);
    if (!evaluation.known) {
      if (row.form === 'environment') return;
      if (row.form === 'checksum') {
        noteChecksum(value, evaluation.why, bindings);
        return;
      }
      // Wherever it is the machine's own file, whichever branch packer takes, none of the repository is read.
      const isInside = (text: string): boolean => resolveTemplatePath(text, '').type === 'inside';
      if (row.outside !== 'allowed' || evaluator.alternatives(value, bindings).some((text) => isInside(text)))
        note(value, 'root', evaluation.why, bindings);
      return;
    }
    for (const text of textsIn(evaluation.value)) {
      // A legacy template may give a list as a text with commas (packer's StringToSliceHookFunc).
      const isList = typeof evaluation.value === 'string' && isLegacy(value.place) && text.includes(',');
      for (const one of isList && severalNames.test(name) ? text.split(',') : [text]) addPath(one, value, name, row, component, bindings);
    }
  }

  /** What cannot become `file:path` names no file. */
  function noteChecksum(value: Expression, why: string, bindings: Bindings): void {
    const alternatives = evaluator.alternatives(value, bindings).filter((text) => text.startsWith('file:') || text.startsWith(anyText));
    if (alternatives.length === 0) return;
    const { text, place } = value;
    unresolved.push({
      expression: text,
      place,
      why,
      alternatives: alternatives.map((each) => each.replace(/^file:/, '')),
      relativeTo: 'root',
    });
  }

  function addPath(
    given: string,
    value: Expression,
    name: string,
    row: FileAttribute,
    component: { readonly role: ComponentRole; readonly type: string },
    bindings: Bindings,
  ): void {
    if (row.form === 'environment') {
      // `ANSIBLE_ROLES_PATH` and others hold several.
      const listed = environmentPaths.exec(given)?.[1]?.split(':') ?? [];
      for (const path of listed) addPath(path, value, name, { ...row, form: undefined }, component, bindings);
      const configuration = /^ANSIBLE_CONFIG=(.+)$/s.exec(given)?.[1];
      if (configuration !== undefined) ansible.configuration(configuration, value.place);
      return;
    }
    const text = row.form === 'checksum' ? /^file:(.+)$/s.exec(given)?.[1] : given;
    if (text === undefined || text === '') return;
    if (text.includes('{{')) {
      note(value, 'root', 'packer fills in {{...}} while it builds', bindings);
      return;
    }
    const reference = {
      relativeTo: 'root',
      kind: row.kind,
      optional: row.optional === true,
      outsideAllowed: row.outside === 'allowed',
      place: value.place,
    } as const;
    found.push({ ...reference, text, form: row.form === 'pattern' ? 'pattern' : 'path' });
    if (component.type === 'ansible' && name === 'playbook_file') ansible.playbook(text, value.place);
    if (component.type === 'ansible' && name === 'inventory_file') ansible.inventory(text, value.place);
  }

  function isGiven(body: Body, name: string, wanted: string, bindings: Bindings): boolean {
    const attribute: Attribute | undefined = attributeOf(body, name);
    const evaluation = attribute === undefined ? undefined : evaluator.evaluate(attribute.value, bindings);
    return evaluation?.known === true && textOf(evaluation.value) === wanted;
  }

  function visitManifest(body: Body, bindings: Bindings): void {
    const output = attributeOf(body, 'output');
    const evaluation = output === undefined ? undefined : evaluator.evaluate(output.value, bindings);
    if (evaluation === undefined) manifestOutputs.push('packer-manifest.json');
    else if (evaluation.known) manifestOutputs.push(...textsIn(evaluation.value).filter((text) => text !== ''));
  }

  /** What stands in commands, but for what the template says that it writes. */
  function takeCommands(): void {
    const written = outputs.flatMap((text) => {
      const path = resolveTemplatePath(text, '');
      return path.type === 'inside' && path.path !== '' ? [path.path] : [];
    });
    const isWritten = (path: string): boolean => written.some((output) => path === output || path.startsWith(`${output}/`));
    const told = new Set(inCommands.filter(({ use }) => use === 'runs' || use === 'reads').map(({ path }) => path));
    for (const { path, use, place, alternatives = [path] } of inCommands) {
      if (isWritten(path)) continue;
      if (use === 'runs' || use === 'reads') {
        const kind = use === 'runs' ? 'script' : 'config';
        found.push({ text: fromRepositoryPath(path), relativeTo: 'root', kind, form: 'path', optional: true, outsideAllowed: true, place });
      } else if (!told.has(path)) {
        told.add(path);
        unresolved.push({ expression: path, place, why: whyOpen[use], alternatives, relativeTo: 'root' });
      }
    }
  }

  visitBody(template, undefined, noBindings);
  takeCommands();
  return { found, unresolved, manifestOutputs };
}

/** Attributes that are maps with names of the user's own. */
const freeMap =
  /(?:^|_)(?:tags?|labels?|metadata|content|data|json|facter|env|grains|attributes|variables|params|arguments|properties|options)$/;

/** In both notations of JSON nothing tells an object from a block within a block: what is no map of free names counts as one. */
function isNestedBlock(name: string, { type, place }: Expression): boolean {
  return (type === 'object' || type === 'list') && place.file.endsWith('.json') && !freeMap.test(name);
}

/** A block that may stand there several times is a list in JSON. */
function blocksIn(value: Expression): readonly Expression[] {
  return (value.type === 'list' ? value.items : [value]).filter(({ type }) => type === 'object');
}

/** A value as an expression that stands where its own does. */
function writtenAs(value: Value, where: Pick<Expression, 'place' | 'text'>): Expression {
  const { place, text } = where;
  if (isList(value) || isSet(value))
    return { type: 'list', items: (itemsOf(value) ?? []).map((item) => writtenAs(item, where)), place, text };
  if (!isMap(value)) return { type: 'literal', value, place, text };
  const entries = [...value].map(([name, member]) => ({ key: literal(name, place), value: writtenAs(member, where) }));
  return { type: 'object', entries, place, text };
}

function isLegacy({ file }: Place): boolean {
  return file.endsWith('.json') && !file.endsWith('.pkr.json');
}
