import { readFile } from 'node:fs/promises';

import { type Plugin } from 'esbuild';
import { parseSync } from 'oxc-parser';

/** Constants that are named as types are: schemas. */
const schemaName = /^[A-Z][A-Za-z0-9]*$/;

/**
 * Lets a bundle leave out the schemas that nothing in it uses. A bundler has to keep what a call makes, since the call may do
 * something else besides; that making a schema does not is said here, for each constant of a module that is named as a type
 * is: `const Name = z.string()` becomes `const Name = /* @__PURE__ *\/ (() => z.string())()`.
 */
export const schemasThatFallAway: Plugin = {
  name: 'schemas-that-fall-away',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/](?:core|adapters|lambdas)[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return text.includes(`zod.ts'`) || text.includes('boundedText(')
        ? { contents: withPureSchemas(path, text), loader: 'ts' }
        : undefined;
    });
  },
};

function withPureSchemas(file: string, text: string): string {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors.map(({ message }) => message).join('; ')}`);
  let [pure, end] = ['', 0];
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type !== 'Identifier' || !schemaName.test(id.name) || init?.type !== 'CallExpression') continue;
      pure += `${text.slice(end, init.start)}/* @__PURE__ */ (() => ${text.slice(init.start, init.end)})()`;
      end = init.end;
    }
  }
  return pure + text.slice(end);
}
