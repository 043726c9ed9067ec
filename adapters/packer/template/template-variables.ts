import { type Block, type Body, type Expression, attributeOf } from './hcl-document.ts';
import { type Type, convert, readType, typeOf } from './hcl-types.ts';
import { type Evaluation, known, unknown } from './hcl-value.ts';

/** A variable as the template declares it. */
export interface VariableDeclaration {
  readonly name: string;
  readonly type: Expression | undefined;
  readonly default: Expression | undefined;
  readonly sensitive: boolean;
}

/** The variables of a template, from `variable` and `variables` blocks. */
export function declaredVariables(template: Body): ReadonlyMap<string, VariableDeclaration> {
  const declared = template.blocks.flatMap((block): VariableDeclaration[] => {
    if (block.type === 'variables') {
      return block.body.attributes.map(({ name, value }) => ({ name, type: undefined, default: value, sensitive: false }));
    }
    return block.type === 'variable' ? [declarationOf(block)] : [];
  });
  return new Map(declared.map((declaration) => [declaration.name, declaration]));
}

function declarationOf(block: Block): VariableDeclaration {
  return {
    name: block.labels[0] ?? '',
    type: attributeOf(block.body, 'type')?.value,
    default: attributeOf(block.body, 'default')?.value,
    sensitive: isSensitive(block),
  };
}

/** The locals of a template, from `locals` and `local` blocks. */
export function declaredLocals(template: Body): ReadonlyMap<string, { readonly value: Expression; readonly sensitive: boolean }> {
  return new Map(
    template.blocks.flatMap((block) => {
      if (block.type === 'locals') return block.body.attributes.map(({ name, value }) => [name, { value, sensitive: false }] as const);
      const expression = block.type === 'local' ? attributeOf(block.body, 'expression')?.value : undefined;
      return expression === undefined ? [] : [[block.labels[0] ?? '', { value: expression, sensitive: isSensitive(block) }] as const];
    }),
  );
}

function isSensitive(block: Block): boolean {
  const value = attributeOf(block.body, 'sensitive')?.value;
  // Anything but a plain `false` counts: a wrong yes hides a value, a wrong no shows a secret.
  return value !== undefined && !(value.type === 'literal' && value.value === false);
}

/** The values of a variable file. */
export interface VariableFile {
  readonly values: ReadonlyMap<string, Expression>;
  readonly notation: 'hcl' | 'json';
}

/** Where values come from, beside the declarations. */
export interface GivenValues {
  /** Of each variable file, in the order in which packer reads them: a later one wins. */
  readonly files: readonly VariableFile[];
  /** They win over the files. */
  readonly request: Readonly<Record<string, string>>;
  /** Variables whose value is a secret. */
  readonly secrets: ReadonlySet<string>;
  /** Whether variables have types: not in a legacy template. */
  readonly typed: boolean;
  /** A request's text as what it stands for: in a legacy template it may refer to other variables. */
  readonly text: (text: string) => Expression;
  /** Reads a request's text as an expression, as packer does for variables that are not texts; undefined: it is none. */
  readonly parse: (text: string) => Expression | undefined;
}

/** A variable's value, or why there is none. */
export type ValueSource = { readonly expression: Expression } | { readonly expression: undefined; readonly why: string };

/** The expression that a variable's value is, or why there is none; packer's precedence (request, files, default). */
export function valueExpression(name: string, declaration: VariableDeclaration | undefined, given: GivenValues): ValueSource {
  if (given.secrets.has(name)) return { expression: undefined, why: `the value of the variable ${name} is a secret` };
  const requested = Object.hasOwn(given.request, name) ? given.request[name] : undefined;
  if (requested !== undefined) {
    const text = given.text(requested);
    return { expression: takesText(declaration, given) ? text : (given.parse(requested) ?? text) };
  }
  const fromFile = lastOf(given.files, name);
  // Seen with 1.6.6: JSON after HCL, whatever the order; newer versions keep the order.
  if (fromFile !== lastOf(given.files.toSorted(jsonLast), name)) {
    return {
      expression: undefined,
      why: `versions of packer differ in which variable file wins for ${name}: an HCL file comes after a JSON file`,
    };
  }
  const expression = fromFile ?? declaration?.default;
  return expression === undefined ? { expression, why: `the variable ${name} has no value here` } : { expression };
}

function lastOf(files: readonly VariableFile[], name: string): Expression | undefined {
  return files.findLast(({ values }) => values.has(name))?.values.get(name);
}

function jsonLast(a: VariableFile, b: VariableFile): number {
  return Number(a.notation === 'json') - Number(b.notation === 'json');
}

/** Whether packer takes a value from outside as text; else it reads it as an expression. */
function takesText(declaration: VariableDeclaration | undefined, given: GivenValues): boolean {
  const type = declaredType(declaration, given);
  if (type !== undefined) return type.kind === 'string' || type.kind === 'number';
  const preset = declaration?.default;
  return (
    preset === undefined ||
    preset.type === 'template' ||
    preset.type === 'call' ||
    (preset.type === 'literal' && (typeof preset.value === 'string' || typeof preset.value === 'number'))
  );
}

function declaredType(declaration: VariableDeclaration | undefined, given: GivenValues): Type | undefined {
  const written = declaration?.type;
  // HCL's JSON notation has it as a text.
  const type = written?.type === 'literal' && typeof written.value === 'string' ? given.parse(written.value) : written;
  return type === undefined ? undefined : readType(type);
}

/**
 * What packer takes a variable's value for: it converts each to the declared type, or to the type of the default
 * (hcl2template, `decodeVariableBlock` and `collectVariableValues`). A legacy template has only texts.
 */
export function variableValue(
  name: string,
  declaration: VariableDeclaration | undefined,
  given: GivenValues,
  evaluate: (expression: Expression) => Evaluation,
): Evaluation {
  const source = valueExpression(name, declaration, given);
  if (source.expression === undefined) return unknown(source.why);
  const value = evaluate(source.expression);
  if (!value.known || !given.typed || value.value === null) return value;
  const type = declaration?.type === undefined ? presetType(declaration?.default, evaluate) : declaredType(declaration, given);
  if (type === undefined) return unknown(`the type of the variable ${name} is not known here`);
  const converted = convert(value.value, type);
  return converted === undefined ? unknown(`the value of the variable ${name} is not of its type`) : known(converted);
}

function presetType(preset: Expression | undefined, evaluate: (expression: Expression) => Evaluation): Type | undefined {
  if (preset === undefined) return { kind: 'any' };
  const evaluation = evaluate(preset);
  if (evaluation.known) return typeOf(evaluation.value);
  // All that a default may call is env(), which gives a text.
  return preset.type === 'call' || preset.type === 'template' ? { kind: 'string' } : undefined;
}
