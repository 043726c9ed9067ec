import { execFileSync } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';

import { type Expression, literal } from '../../../../adapters/packer/template/hcl-document.ts';
import { createEvaluator } from '../../../../adapters/packer/template/hcl-evaluate.ts';
import { loadHclParser } from '../../../../adapters/packer/template/hcl-parser.ts';
import { type Value, isMap, itemsOf } from '../../../../adapters/packer/template/hcl-value.ts';
import { type GivenValues, declaredVariables, variableValue } from '../../../../adapters/packer/template/template-variables.ts';
import { discovered, filesOf, repository } from '../../../fixtures/templates/repository.ts';

const parser = await loadHclParser();

const place = { file: 'image.pkr.hcl', line: 1 };

interface Variables {
  readonly template: string;
  readonly file?: string;
  readonly request?: Readonly<Record<string, string>>;
}

const noVariables: Variables = { template: '' };

/** What packer says that each is, in the notation of JSON; one packer for all of them. */
function byPacker(expressions: readonly string[], { template, file = '', request = {} }: Variables): unknown[] {
  const input = expressions.map((expression) => `jsonencode(${expression})\n`).join('');
  const cwd = repository({ 'image.pkr.hcl': template, 'v.pkrvars.hcl': file });
  const given = Object.entries(request).flatMap(([name, value]) => ['-var', `${name}=${value}`]);
  // Without a template packer is the console of the legacy notation.
  const line = ['console', ...given, '-var-file=v.pkrvars.hcl', 'image.pkr.hcl'];
  const environment = { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_CONFIG_DIR: repository({}) };
  const output = execFileSync(inject('packer').file, line, { input, cwd, env: environment, encoding: 'utf8' });
  const lines = output.trimEnd().split('\n');
  if (lines.length !== expressions.length) throw new Error(`packer does not take one of these: ${output}`);
  return lines.map((each): unknown => JSON.parse(each));
}

function parsed(text: string): Expression {
  const outcome = parser.parseExpression(text, place);
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

/** Answers a function that says what each expression is without packer. */
function evaluation({ template, file = '', request = {} }: Variables): (text: string) => unknown {
  const [body, values] = [template, file].map((text) => parser.parseFile('image.pkr.hcl', text));
  if (body?.ok !== true || values?.ok !== true) throw new Error('the example is not valid');
  const variables = declaredVariables(body.value);
  const given: GivenValues = {
    files: [{ values: new Map(values.value.attributes.map(({ name, value }) => [name, value])), notation: 'hcl' }],
    request,
    secrets: new Set(),
    typed: true,
    text: (text) => literal(text, place),
    parse: parsed,
  };
  const evaluator = createEvaluator({
    folder: '',
    variable: (name) => variableValue(name, variables.get(name), given, (expression) => evaluator.evaluate(expression)),
    local: () => undefined,
    variableExpression: () => undefined,
    filesIn: () => ['b', 'c'],
    isFile: () => false,
    textIn: () => undefined,
    templateIn: () => undefined,
  });
  return (text) => {
    const found = evaluator.evaluate(parsed(text));
    return found.known ? plain(found.value) : found;
  };
}

/** As JSON would have it. */
function plain(value: Value): unknown {
  if (isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return itemsOf(value)?.map(plain) ?? value;
}

/** All of a group are one question to packer: it takes longer to start than to answer. */
function same(expressions: readonly string[], variables = noVariables): void {
  const table = (values: readonly unknown[]): unknown => Object.fromEntries(expressions.map((each, at) => [each, values[at]]));
  expect(table(expressions.map(evaluation(variables)))).toEqual(table(byPacker(expressions, variables)));
}

const types = `
variable "text"    {
  type    = string
  default = 22.04
}
variable "yes"     {
  type    = bool
  default = "true"
}
variable "number"  {
  type    = number
  default = "2"
}
variable "map"     {
  type    = map(string)
  default = { a = 1, b = true }
}
variable "list"    {
  type    = list(string)
  default = [1, "x"]
}
variable "set"     {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "numbers" {
  type    = set(number)
  default = ["10", 9]
}
variable "object"  {
  type    = object({ a = string, b = list(number) })
  default = { a = 1, b = ["2"], c = 3 }
}
variable "tuple"   {
  type    = tuple([string, number])
  default = [1, "2"]
}
variable "none"    {
  type    = string
  default = null
}
variable "open" {
}
variable "like_text"   { default = "5" }
variable "like_number" { default = 5 }
variable "like_list"   { default = ["a"] }
variable "like_object" { default = { a = "1" } }
`;

const ofTypes = [
  'var.text == "22.04"',
  'var.text == 22.04',
  'var.yes == true',
  'var.yes == "true"',
  'var.yes ? 1 : 2',
  'var.number == 2',
  'var.number == "2"',
  'var.number + 1',
  'var.map',
  'var.map.a == "1"',
  'var.map["a"] == 1',
  'var.list',
  'var.list[0] == "1"',
  'var.list == ["1"]',
  'var.set',
  '[for key, value in var.set : "${key}${value}"]',
  'var.numbers',
  'var.object',
  'var.object.a == "1"',
  'var.tuple[0] == "1"',
  'var.tuple[1] == 2',
  '"${var.number}" == 2',
  'var.like_text == "5"',
  'var.like_text == 5',
  'var.like_number == 5',
  'var.like_number == "5"',
  'var.like_list',
  'var.like_object',
];

describe('the evaluator and `packer console` agree on', () => {
  it('numbers, however close they are written', () => {
    same(['3-1', '3-1 == 2', '1e3-1', '2--1', '10-2-3', '1+2*3', '1.5+2.25', '-5+2', '"x${0.1}"', '"x${22.10}"', '"x${1e3}"', '"${3-1}x"']);
  });

  it('defaults, which are of the declared type', () => {
    same(ofTypes, { template: types });
    expect(evaluation({ template: types })('var.none')).toBeNull();
  });

  it('values of variable files, which are of the declared type or of that of the default', () => {
    const file = `
text        = 10
yes         = "1"
number      = "7"
map         = { a = 2 }
list        = [true]
set         = ["z", "y"]
numbers     = [3, 20]
object      = { a = true, b = [], z = 1 }
tuple       = [3, 4]
open        = 5
like_text   = 5
like_number = "6"
like_list   = [1]
like_object = { a = 5, b = 6 }
`;
    same([...ofTypes, 'var.open == 5', 'var.open == "5"'], { template: types, file });
  });

  it('values of the request, which are texts at first', () => {
    const request = {
      text: '10',
      yes: 'false',
      number: '7.5',
      map: '{ a = 2 }',
      list: '[true]',
      set: '["z", "y"]',
      open: '5',
      like_text: '6',
      like_number: '6',
      like_list: '[1]',
      like_object: '{ a = 5, b = 6 }',
    };
    same([...ofTypes, 'var.open == "5"', 'var.open == 5'], { template: types, request });
  });

  it('values that stand alone between marks, and those of conditionals', () => {
    same(['"${5}" == 5', '"${[1]}"', '(true ? 1 : "x") == "1"', '(true ? 1 : 2) == 1', '[1] == ["1"]', '["a"] == ["b"]']);
  });

  it('comparisons of values whose kinds are clear', () => {
    same(
      [
        'length([1]) == 1',
        '(1 == 1) == true',
        '!true == false',
        'max(1, 2) == 2',
        '1 + 1 == 2',
        '[1, "a"][0] == 1',
        '{ a = 1, b = "x" }.a == 1',
        'coalesce(null, 1) == 1',
        'coalesce(var.number, 0) == 2',
        'contains(["a"], "a") == true',
        String.raw`jsondecode("{\"a\":1}").a == 1`,
        '[for x in [1, 2, "2"] : x if x == 2]',
        '[for x in var.object.b : [for y in [3] : x if x == 2]]',
        '(false ? "x" : 1) == 1',
        '(true ? 1 : null) == 1',
        '[1] == []',
        'range(2)[1] == 1',
      ],
      { template: types },
    );
  });

  it('sets, whose keys are their values', () => {
    const sets = [
      '[for key, value in setunion(["b"], ["a"]) : "${key}${value}"]',
      '{ for key, value in setunion(["b"], ["a"]) : key => value }',
      '[for key, value in setunion([10], [9]) : key]',
      'setunion(["b"], ["a"])[*]',
      'length(setunion(["b"], ["a", "b"]))',
      'join(",", setunion(["b"], ["a"]))',
      'flatten([setunion(["b"], ["a"]), ["c"]])',
      'sort(setunion(["b"], ["a"]))',
      'contains(setunion(["b"], ["a"]), "a")',
      'reverse(setunion(["b"], ["a"]))',
      'distinct(setunion(["b"], ["a"]))',
      'compact(setunion(["b"], ["a"]))',
      'setunion([true], ["a"])',
      'setunion([10], [9])',
      'setintersection(["b", "a"], ["a", "b", "c"])',
    ];
    same(sets);
    expect(evaluation(noVariables)('[for key, value in fileset("x", "*") : key]')).toEqual(['b', 'c']);
  });

  it('functions of paths', () => {
    same([
      ...['a/b/', '', '/', '/a', 'a//b/../c', 'a//b', './a', '../a', 'a'].map((path) => `dirname("${path}")`),
      ...['', '/', 'a//', '.', 'a/..', 'a/b'].map((path) => `basename("${path}")`),
    ]);
  });

  it('functions of texts', () => {
    same([
      String.raw`title("foo-bar baz_qux 1a a1b it's foo.bar/baz:qux ñandú élan ﬁx foo—bar HELLO wORLD")`,
      'lower("ÀÉẞİ")',
      'upper("straßeŉéﬁ")',
      String.raw`trimspace("\u0085 a\ufeff\t\n")`,
      ...[String.raw`a\r`, String.raw`a\r\n\n`, String.raw`a\n\r`, 'a'].map((text) => `chomp("${text}")`),
      'trimprefix("aab", "a")',
      'trimsuffix("abb", "b")',
      'trimsuffix("ab", "")',
      'trim("xaxbx", "xb")',
      'replace("a.b.c", ".", "-")',
      'replace("abc", "/", "x")',
      'substr("abcd", 1, 2)',
      'substr("abcd", 2, 10)',
      'substr("abcd", 10, 2)',
      'substr("abcd", 1, -1)',
      'strrev("añb")',
      'length("añb")',
      'format("%s-%v-%d-%d%%", "a", true, "5", 6)',
      'split("", "abc")',
      'split(",", "")',
      'split(".", "a.b.")',
      String.raw`jsonencode("a<b>&c\u2028é\u0001/\"")`,
    ]);
  });

  it('functions of lists, maps and numbers', () => {
    same([
      'sort(["10", "9", 1])',
      'compact(["a", 1, "", null])',
      'distinct(["a", 1, "1", "a"])',
      'reverse([1, "a"])',
      'concat(["a"], [1], [])',
      'flatten(["a", ["b", [1, {c = 1}]]])',
      'slice(["a", "b", "c"], 1, 2)',
      'join(",", [1, true], ["a"])',
      '[range(3), range(4, 1), range(-2), range(5, 1, -2), range(1, 2, 0.5)]',
      'chunklist(["a", "b", "c"], 2)',
      '[coalesce("", "b"), coalesce(null, "b")]',
      'coalescelist([], ["a"])',
      '[contains(["1"], 1), contains(["a", 1], 1)]',
      'element(["a", "b"], 3)',
      '[keys({b = 1, a = 2}), values({b = 1, a = 2})]',
      '[lookup({a = 1}, "a", "d"), lookup({a = 1}, "b", "d"), lookup({a = null}, "a", "d")]',
      'merge({a = {x = 1}}, {a = {y = 2}, b = 3})',
      'zipmap(["b", "a", "a"], [1, "x", 2])',
      '{for x in ["a", "a"] : x => 1...}',
      '[max(1, 3), min(1, 3), abs(-1.5), ceil(1.2), floor(-1.2)]',
      '{"1" = 2}[1]',
      '[[1, 2], [3]].*.0',
    ]);
  });

  it('functions that decode', () => {
    same([
      String.raw`jsondecode("{\"b\":1,\"a\":[1,2.50,null],\"b\":3}")`,
      String.raw`yamldecode("a: [b, 1, 1.5, 0.5, ~, true, ./x-y_e.sh, 22.04a, '010', 'yes', 10.0.0.1]\nb: !!str 5\nc: a-1")`,
      'base64decode(base64encode("é"))',
      'md5("a")',
      'sha1("a")',
      'sha512("a")',
    ]);
  });
});

describe('the evaluator leaves to packer', () => {
  it.each(['range(0, 1, 0.1)', '"x${0.1+0.2}"', '1.1-1 == 0.1', '"x${1e22}"', '"x${9007199254740993}"', '"x${1e-7}"', '"x${-0}"', '10/3'])(
    'the number %s, which a double would round or write otherwise',
    (text) => {
      expect(evaluation(noVariables)(text)).toMatchObject({ known: false });
    },
  );

  it.each([
    'replace("abc", "", "-")',
    'length("👨‍👩‍👧")',
    String.raw`substr("a\r\nbc", 0, 2)`,
    'format("%d", 1.5)',
    'base64decode("YQ")',
    'index(["a", "b"], "b")',
    'lookup({ a = "x" }, "b")',
    'distinct([[1], [1]])',
    ...['yes', 'No', '010', '0x10', '0o17', '1_000', '2020-01-01', '12:30', '1e3', '+1:2'].map((text) => `yamldecode("a: ${text}")`),
  ])('%s, which it does in its own way or refuses', (text) => {
    expect(evaluation(noVariables)(text)).toMatchObject({ known: false });
  });

  it.each([
    ['a value that its type does not take', 'var.number', { number: 'x' }],
    ['a list that is longer than the default', 'var.like_list', { like_list: '["a", "b"]' }],
    ['an object that lacks what the default has', 'var.like_object', { like_object: '{ b = 1 }' }],
    ['a list that may equal another but for its type', 'var.list == ["1", "x"]', {}],
    ['a number that becomes a text beside one', 'coalesce(null, 1, "a") == 1', {}],
    ['a number beside an empty text', 'coalesce("", 1) == 1', {}],
    ['what a conditional makes of lists', '(true ? [1] : ["a"])[0] == 1', {}],
    ['what a conditional makes of objects', '(true ? { a = 1 } : { a = "x" }).a == 1', {}],
    ['a list beside another', '(true ? [1] : ["a"]) == [2]', {}],
    ['a conditional beside what is not known', '(true ? 1 : var.nothing) == 1', {}],
    ['a number of a list that is cut', 'chunklist([1, "a"], 1)[0][0] == 1', {}],
    ['a number that a map of texts takes', 'lookup(var.map, "zz", 1) == 1', {}],
    ['a number of such a list in a loop', '[for x in chunklist([1, "a"], 1)[0] : x if x == 1]', {}],
    ['whether a function gives a number or a text', 'lookup({ a = 1 }, "a", "x") == "1"', {}],
    ['an item of a set', 'var.set[0]', {}],
    ['a set in a list', 'concat(var.set, ["c"])', {}],
  ])('%s', (_what, text, request) => {
    expect(evaluation({ template: types, request })(text)).toMatchObject({ known: false });
  });

  it.each(['endswith(path.cwd, "y")', 'trimsuffix("${path.cwd}/a", "y/a")', 'trimsuffix(path.root, "y")', 'startswith(path.cwd, "/h")'])(
    '%s, which differs with where the repository lies',
    (text) => {
      expect(evaluation(noVariables)(text)).toMatchObject({ known: false, why: expect.stringContaining('where the repository lies') });
    },
  );

  it('a variable of a type that it does not know', () => {
    const template = 'variable "a" {\n  type = nothing(string)\n  default = "x"\n}';
    expect(evaluation({ template })('var.a')).toEqual({ known: false, why: 'the type of the variable a is not known here' });
  });
});

describe('the evaluator', () => {
  it.each([
    ['endswith("${path.cwd}/a.sh", ".sh")', true],
    ['trimsuffix("${path.cwd}/a.sh", "/a.sh") == path.cwd', true],
  ])('looks at the end of a path, wherever the repository lies: %s', (text, value) => {
    expect(evaluation(noVariables)(text)).toBe(value);
  });

  it.each([
    ['alltrue(["true", true])', true],
    ['alltrue(["false", true])', false],
    ['anytrue(["false", "true"])', true],
    ['tomap({ a = 1, b = "x" })', { a: '1', b: 'x' }],
    ['tomap({ a = 1, b = 2 })', { a: 1, b: 2 }],
  ])('converts what newer versions of packer do: %s', (text, value) => {
    expect(evaluation(noVariables)(text)).toEqual(value);
  });

  it('gives an optional attribute its default, as newer versions of packer do', () => {
    const type = 'object({ a = optional(string), b = optional(number, 3), c = optional(bool, "true") })';
    const template = `variable "a" {\n  type = ${type}\n  default = { b = "5" }\n}`;
    expect(evaluation({ template })('var.a')).toEqual({ a: null, b: 5, c: true });
  });
});

describe('a template', () => {
  const build = (attributes: string): string => `build {\n  provisioner "shell-local" {\n    ${attributes}\n  }\n}\n`;

  it('takes the branch of the declared type, in both notations', async () => {
    const files = { 'a.sh': '', 'b.sh': '' };
    const hcl = `variable "os" {\n  type = string\n  default = 22.04\n}\n${build('script = var.os == "22.04" ? "a.sh" : "b.sh"')}`;
    expect(filesOf(await discovered(repository({ ...files, 'image.pkr.hcl': hcl })))).toContain('script a.sh');
    const json = JSON.stringify({
      variable: { on: { type: 'bool', default: 'true' } },
      build: { provisioner: { 'shell-local': { script: '${var.on == true ? "a.sh" : "b.sh"}' } } },
    });
    const discovery = await discovered(repository({ ...files, 'image.pkr.json': json }), { template: 'image.pkr.json' });
    expect(filesOf(discovery)).toContain('script a.sh');
  });

  it('tells of both branches where packer may compare a text', async () => {
    const locals = 'variable "n" {\n  default = 1\n}\nlocals {\n  n = coalesce(var.n, "none")\n}\n';
    const template = `${locals}${build('script = local.n == 1 ? "a.sh" : "b.sh"')}`;
    const discovery = await discovered(repository({ 'image.pkr.hcl': template, 'a.sh': '', 'b.sh': '' }));
    expect(discovery.undeclared).toMatchObject([{ why: expect.stringContaining('of what kind packer takes them for is not known here') }]);
  });

  it('goes through a set by its values', async () => {
    const template = `
variable "files" {
  type = set(string)
  default = ["b", "a", "b"]
}
build {
  dynamic "provisioner" {
    for_each = var.files
    labels   = ["file"]
    content {
      source = "f/\${provisioner.key}"
    }
  }
  provisioner "shell-local" {
    scripts = [for key, value in fileset("s", "*.sh") : "s/\${key}"]
  }
}`;
    const discovery = await discovered(repository({ 'image.pkr.hcl': template, 'f/a': '', 'f/b': '', 's/x.sh': '' }));
    expect(discovery.undeclared).toEqual([]);
    expect(filesOf(discovery)).toEqual(['config f/a', 'config f/b', 'script s/x.sh', 'template image.pkr.hcl']);
  });
});
