import { type Expression, partsOf } from './hcl-document.ts';
import { type Bindings, type Evaluator } from './hcl-surroundings.ts';
import { fileFunctions } from './hcl-functions.ts';
import { pairsOf, truth } from './hcl-operations.ts';
import { type Evaluation, type Value, isFailing, isMap, textOf, textsIn } from './hcl-value.ts';
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
  let perhaps = 0;

  function visit(expression: Expression, bindings: Bindings): void {
    visits += 1;
    if (visits > mostVisits) {
      if (visits === mostVisits + 1) collection.note(expression, 'template', 'the template is too large to be resolved', bindings);
      return;
    }
    switch (expression.type) {
      case 'call':
        if (expression.name === 'try' || expression.name === 'can') return visitTry(expression, bindings);
        visitCall(expression, bindings);
        return visitAll(expression.arguments, bindings);
      case 'for':
        return visitLoop(expression, bindings);
      case 'conditional':
        visit(expression.condition, bindings);
        return visitWhere(evaluator.evaluate(expression.condition, bindings), [expression.yes], [expression.no], bindings);
      case 'opaque':
        // In `%{ if }`, which is not evaluated here.
        return visitPerhaps(expression.parts, bindings);
      default:
        return visitAll(partsOf(expression), bindings);
    }
  }

  function visitAll(expressions: readonly Expression[], bindings: Bindings): void {
    for (const expression of expressions) visit(expression, bindings);
  }

  /** What packer may leave out: a file that is not there is no failure then. */
  function visitPerhaps(expressions: readonly Expression[], bindings: Bindings): void {
    perhaps += 1;
    visitAll(expressions, bindings);
    perhaps -= 1;
  }

  /** What a condition that is known leaves out counts for nothing. */
  function visitWhere(condition: Evaluation, yes: readonly Expression[], no: readonly Expression[], bindings: Bindings): void {
    const decided = truth(condition);
    if (typeof decided === 'boolean') visitAll(decided ? yes : no, bindings);
    else visitPerhaps([...yes, ...no], bindings);
  }

  /** Those that certainly fail are passed over, and those after one that certainly does not are not reached. */
  function visitTry(call: Call, bindings: Bindings): void {
    for (const argument of call.arguments) {
      const evaluation = evaluator.evaluate(argument, bindings);
      if (isFailing(evaluation)) continue;
      visitPerhaps([argument], bindings);
      if (evaluation.known) return;
    }
  }

  function visitLoop(loop: Extract<Expression, { type: 'for' }>, bindings: Bindings): void {
    visit(loop.collection, bindings);
    const collected = evaluator.evaluate(loop.collection, bindings);
    const pairs = collected.known ? pairsOf(collected.value, loop.splat) : undefined;
    for (const [key, value] of pairs ?? [[undefined, undefined] as const]) {
      const keyName = loop.keyName === undefined ? [] : [[loop.keyName, key] as const];
      const inner: Bindings = new Map([...bindings, [loop.valueName, value] as const, ...keyName]);
      const results = [loop.resultKey, loop.result].filter((part) => part !== undefined);
      if (loop.condition === undefined) visitAll(results, inner);
      else {
        visit(loop.condition, inner);
        visitWhere(evaluator.evaluate(loop.condition, inner), results, [], inner);
      }
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

  function reference(call: Call): Omit<ReferenceCollection['found'][number], 'text'> {
    return { relativeTo: 'template', kind: 'config', form: 'path', optional: perhaps > 0, outsideAllowed: false, place: call.place };
  }

  return visit;
}

const readsFiles = /\b(?:file\w*|templatefile)\s*\(/;
