import { readFile } from 'node:fs/promises';

import { type Plugin } from 'esbuild';
import { type Argument, type CallExpression, type Program, Visitor, parseSync } from 'oxc-parser';

/** Constants that are named as types are: schemas. */
const schemaName = /^[A-Z][A-Za-z0-9]*$/;

/**
 * Lets a bundle leave out the schemas that nothing in it uses. A bundler has to keep what a call makes, since the call may do
 * something else besides; that making a schema does not is said here, for each constant of a module that is named as a type
 * is: `const Name = z.string()` becomes `const Name = /* @__PURE__ *\/ (() => z.string())()`. What is said for people who read the
 * JSON Schema, `z.describe(...)`, is left out: each would make its schema twice.
 */
export const schemasThatFallAway: Plugin = {
  name: 'schemas-that-fall-away',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/](?:core|adapters|lambdas)[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return text.includes(`zod.ts'`) || text.includes('boundedText(') ? { contents: forFunctions(path, text), loader: 'ts' } : undefined;
    });
  },
};

/** Text that takes the place of what stands from `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function forFunctions(file: string, text: string): string {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors.map(({ message }) => message).join('; ')}`);
  let [edited, end] = ['', 0];
  for (const edit of [...pureMarks(program), ...cutDescriptions(program)].toSorted((a, b) => a.start - b.start)) {
    edited += text.slice(end, edit.start) + edit.text;
    end = edit.end;
  }
  return edited + text.slice(end);
}

function pureMarks(program: Program): readonly Edit[] {
  return program.body.flatMap((statement) => {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration') return [];
    return declaration.declarations.flatMap(({ id, init }) =>
      id.type === 'Identifier' && schemaName.test(id.name) && init?.type === 'CallExpression'
        ? [
            { start: init.start, end: init.start, text: '/* @__PURE__ */ (() => ' },
            { start: init.end, end: init.end, text: ')()' },
          ]
        : [],
    );
  });
}

function cutDescriptions(program: Program): readonly Edit[] {
  const cuts: Edit[] = [];
  new Visitor({
    CallExpression({ callee, arguments: all, end }: CallExpression) {
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || callee.property.name !== 'check') return;
      const kept = all.filter((each) => !isDescription(each));
      if (kept.length === all.length) return;
      const [first, last] = [kept[0], kept.at(-1)];
      if (first === undefined || last === undefined) return void cuts.push({ start: callee.object.end, end, text: '' });
      // A description is said last, so what is kept stands together.
      cuts.push({ start: last.end, end: end - 1, text: '' });
    },
  }).visit(program);
  return cuts;
}

function isDescription(argument: Argument): boolean {
  return (
    argument.type === 'CallExpression' &&
    argument.callee.type === 'MemberExpression' &&
    argument.callee.object.type === 'Identifier' &&
    argument.callee.object.name === 'z' &&
    argument.callee.property.type === 'Identifier' &&
    argument.callee.property.name === 'describe'
  );
}
