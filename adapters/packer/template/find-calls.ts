import { type Expression, partsOf } from './hcl-document.ts';
import { type Bindings, type Evaluator } from './hcl-surroundings.ts';
import { fileFunctions } from './hcl-functions.ts';
import { pairsOf } from './hcl-operations.ts';
import { type Value, isMap, textOf, textsIn } from './hcl-value.ts';
import { type ReferenceCollection } from './reference-collection.ts';
import { type RepositoryReading } from './repository-reading.ts';
import { resolveTemplatePath } from './template-path.ts';

type Call = Extract<Expression, { type: 'call' }>;

/** A hostile template can nest loops; past this many visits the rest is told as unresolved. */
const mostVisits = 200_000;

/** What the search for functions needs. */
export interface CallSearch {
  readonly evaluator: Evaluator;
  readonly reading: RepositoryReading;
  readonly collection: ReferenceCollection;
  /** The template's folder: what paths of functions are relative to. */
  readonly folder: string;
}

/** Answers a function that looks for functions that read files, anywhere in an expression, and in what those files say. */
export function createCallSearch({
  evaluator,
  reading,
  collection,
  folder,
}: CallSearch): (expression: Expression, bindings: Bindings) => void {
  const openTemplates = new Set<string>();
  let visits = 0;

  function visit(expression: Expression, bindings: Bindings): void {
    visits += 1;
    if (visits > mostVisits) {
      if (visits === mostVisits + 1) collection.note(expression, 'template', 'the template is too large to be resolved', bindings);
      return;
    }
    if (expression.type === 'call') visitCall(expression, bindings);
    if (expression.type === 'for') visitLoop(expression, bindings);
    else for (const part of partsOf(expression)) visit(part, bindings);
  }

  function visitLoop(loop: Extract<Expression, { type: 'for' }>, bindings: Bindings): void {
    visit(loop.collection, bindings);
    const collected = evaluator.evaluate(loop.collection, bindings);
    const pairs = collected.known ? pairsOf(collected.value, loop.splat) : undefined;
    for (const [key, value] of pairs ?? [[undefined, undefined] as const]) {
      const keyName = loop.keyName === undefined ? [] : [[loop.keyName, key] as const];
      const inner: Bindings = new Map([...bindings, [loop.valueName, value] as const, ...keyName]);
      for (const part of [loop.resultKey, loop.result, loop.condition]) if (part !== undefined) visit(part, inner);
      if (visits > mostVisits) return;
    }
  }

  function visitCall(call: Call, bindings: Bindings): void {
    const [path] = call.arguments;
    if (path === undefined) return;
    if (call.name === 'fileset') visitFileset(call, path, bindings);
    if (!fileFunctions.has(call.name)) return;
    const evaluation = evaluator.evaluate(path, bindings);
    const text = evaluation.known ? textOf(evaluation.value) : undefined;
    if (text === undefined) {
      collection.note(path, 'template', evaluation.known ? `${call.name}() takes a text` : evaluation.why, bindings);
      return;
    }
    collection.found.push({ ...reference(call), text });
    if (call.name === 'templatefile') visitTemplate(call, text, bindings);
  }

  function visitFileset(call: Call, path: Expression, bindings: Bindings): void {
    const files = evaluator.evaluate(call, bindings);
    const base = evaluator.evaluate(path, bindings);
    const below = base.known ? textOf(base.value) : undefined;
    if (files.known && below !== undefined)
      for (const name of textsIn(files.value)) collection.found.push({ ...reference(call), text: `${below}/${name}` });
    else collection.note(call, 'template', files.known ? 'fileset() takes texts' : files.why, bindings);
  }

  /** What the template's own text reads in turn. */
  function visitTemplate(call: Call, text: string, bindings: Bindings): void {
    const path = resolveTemplatePath(text, folder);
    if (path.type !== 'inside' || openTemplates.has(path.path)) return;
    const where = `${call.place.file}:${call.place.line}`;
    const template = reading.template(path.path, where);
    if (template === undefined) {
      const content = reading.text(path.path, where);
      const isHarmless = content !== undefined && !readsFiles.test(content);
      if (!isHarmless && reading.isFile(path.path, where) === true)
        collection.note(call, 'template', 'the file cannot be read as a template, and it may read others', bindings);
      return;
    }
    openTemplates.add(path.path);
    visit(template, bindingsOf(call.arguments[1], bindings));
    openTemplates.delete(path.path);
  }

  /** What the template's names stand for: each that is known by itself. */
  function bindingsOf(names: Expression | undefined, bindings: Bindings): Bindings {
    if (names === undefined) return new Map();
    if (names.type !== 'object') {
      const evaluation = evaluator.evaluate(names, bindings);
      return evaluation.known && isMap(evaluation.value) ? evaluation.value : new Map();
    }
    return new Map(
      names.entries.flatMap(({ key, value }): [string, Value | undefined][] => {
        const name = evaluator.evaluate(key, bindings);
        const text = name.known ? textOf(name.value) : undefined;
        const given = evaluator.evaluate(value, bindings);
        return text === undefined ? [] : [[text, given.known ? given.value : undefined]];
      }),
    );
  }

  return visit;
}

const readsFiles = /\b(?:file\w*|templatefile)\s*\(/;

function reference(call: Call): Omit<ReferenceCollection['found'][number], 'text'> {
  return { relativeTo: 'template', kind: 'config', form: 'path', optional: false, outsideAllowed: false, place: call.place };
}
