import { describe, expect, it } from 'vitest';

import { type Expression } from '../../../../adapters/packer/template/hcl-document.ts';
import { createEvaluator } from '../../../../adapters/packer/template/hcl-evaluate.ts';
import { loadHclParser } from '../../../../adapters/packer/template/hcl-parser.ts';
import { unknown } from '../../../../adapters/packer/template/hcl-value.ts';

const parser = await loadHclParser();

const place = { file: 'image.pkr.hcl', line: 1 };

function parsed(text: string): Expression {
  const outcome = parser.parseExpression(text, place);
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

const emptyRepository = {
  variableExpression: () => undefined,
  filesIn: () => [],
  isFile: () => false,
  textIn: () => undefined,
  templateIn: () => undefined,
};

const evaluator = () =>
  createEvaluator({ folder: 'images', variable: (name) => unknown(`no ${name}`), local: () => undefined, ...emptyRepository });

function valueOf(text: string): unknown {
  const evaluation = evaluator().evaluate(parsed(text));
  return evaluation.known ? evaluation.value : evaluation;
}

function messageOf(text: string): string {
  const outcome = parser.parseFile('image.pkr.hcl', text);
  return outcome.ok ? 'valid' : `${outcome.failure.rule} ${outcome.failure.message}`;
}

describe('the HCL parser', () => {
  it.each([
    ['"a b"', 'a b'],
    ['" a # b // c /* d */ "', ' a # b // c /* d */ '],
    [String.raw`"q\"\\ \n\t\u00e9\U0001F600"`, 'q"\\ \n\té\u{1F600}'],
    ['"$${a} %%{b} $c 100%"', '${a} %{b} $c 100%'],
    ['"a ${"b ${"c"}"} d"', 'a b c d'],
    ['"a ${~ "b" ~} c"', 'abc'],
    ['<<EOF\n  a\n\tb \\n "c"\nEOF\n', '  a\n\tb \\n "c"\n'],
    ['<<-EOF\n    a\n      ${"b"}\n\n    c\n    EOF\n', 'a\n  b\n\nc\n'],
    ['"\u{1F600}${"é"}"', '\u{1F600}é'],
    ['[1, -2.5, 1e3, true, null,]', [1, -2.5, 1000, true, null]],
    [
      '{ a = 1, "b" : 2 }',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    ],
    ['(1 + 2) * 3', 9],
    ['true && !false ? "yes" : "no"', 'yes'],
    ['[for name in ["a", "b"] : "${name}.sh" if name != "b"]', ['a.sh']],
    ['{ for k, v in { x = 1 } : v => k }', new Map([['1', 'x']])],
    ['[{ n = "a" }, { n = "b" }][*].n', ['a', 'b']],
    ['[{ n = "a" }].*.n', ['a']],
    ['{ a = { b = ["c"] } }.a.b[0]', 'c'],
    ['concat([["a"], ["b"]]...)', ['a', 'b']],
  ])('reads %s as HCL does', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it('knows where an expression stands and how it is written', () => {
    const outcome = parser.parseFile('image.pkr.hcl', 'a {\n  b = [\n    "x",\n    "${var.y}.sh",\n  ]\n}\n');
    const list = outcome.ok ? outcome.value.blocks[0]?.body.attributes[0]?.value : undefined;
    expect(list?.type === 'list' ? list.items.map(({ place: { line }, text }) => [line, text]) : list).toEqual([
      [3, '"x"'],
      [4, '"${var.y}.sh"'],
    ]);
  });

  it('takes a byte order mark, CRLF, and a file without a last line feed', () => {
    for (const text of ['\uFEFFa = 1', 'a = 1\r\nb {\r\n}\r\n', '', '# nothing']) expect(messageOf(text)).toBe('valid');
  });

  it.each([
    ['a = [1, 2', 'image.pkr.hcl:1: here "]" is missing'],
    ['a = ', 'image.pkr.hcl:1: something is missing here'],
    ['source "null" "x" {\n  communicator = "none"\nbuild {\n  sources = ["source.null.x"\n}\n', 'image.pkr.hcl:5: here "]" is missing'],
    ['a = 1\n}\n', 'image.pkr.hcl:2: from the "}" here on it is not valid HCL'],
    ['{ "a": 1 }', 'image.pkr.hcl:1: an HCL file holds attributes and blocks, and this is a value'],
  ])('refuses %j with its place', (text, message) => {
    expect(messageOf(text)).toBe(`TEMPLATE_INVALID ${message}`);
  });

  it('never quotes a word of what it refuses: it could be a secret', () => {
    expect(messageOf('password = hunter2 hunter2')).toMatch(/^TEMPLATE_INVALID image\.pkr\.hcl:1: [^h]*here/);
  });

  it.each([
    ['brackets', `a = ${'['.repeat(50_000)}`],
    ['parentheses', `a = ${'('.repeat(5000)}1${')'.repeat(5000)}`],
    ['blocks', `${'a {\n'.repeat(5000)}${'}\n'.repeat(5000)}`],
    ['interpolations', `a = "${'${"'.repeat(300)}${'"}'.repeat(300)}"`],
    ['operators', `a = ${'1 + '.repeat(20_000)}1`],
    ['attributes', `a = x${'.b'.repeat(20_000)}`],
    ['heredocs', 'x = <<A\n'.repeat(5000)],
    ['a long heredoc mark', `x = <<${'A'.repeat(5000)}\nb\n${'A'.repeat(5000)}\n`],
    ['quotes', '"'.repeat(20_001)],
  ])('answers soon for hostile nesting of %s', (_what, text) => {
    expect(messageOf(text)).toMatch(/^TEMPLATE_INVALID/);
    // The next file is read as if nothing had been.
    expect(messageOf('a = 1')).toBe('valid');
  });
});

describe('the evaluator', () => {
  it.each([
    ['basename("a/b.sh")', 'b.sh'],
    ['dirname("a/b.sh")', 'a'],
    ['format("%s-%d%%", "a", 2)', 'a-2%'],
    ['join("/", split(".", "a.b"))', 'a/b'],
    ['replace("a-b-a", "a", "c")', 'c-b-c'],
    ['trimsuffix(trimprefix("pre-x.sh", "pre-"), ".sh")', 'x'],
    ['lookup({ a = "b" }, "c", "d")', 'd'],
    ['merge({ a = 1 }, { a = 2 })', new Map([['a', 2]])],
    ['flatten([["a"], [["b"]]])', ['a', 'b']],
    ['toset(["b", "a", "b"])', { members: ['a', 'b'] }],
    ['contains(["a"], "a")', true],
    ['element(["a", "b"], 3)', 'b'],
    ['upper(substr("abcd", 1, 2))', 'BC'],
    ['jsondecode("{\\"a\\": [1, {\\"b\\": null}]}").a[0]', 1],
    ['yamldecode("a: [b, c]").a', ['b', 'c']],
    ['substr(sha256("https://example.org"), 0, 8)', '50d7a905'],
    ['base64decode(base64encode("ä"))', 'ä'],
    ['slice(["a", "b", "c"], 1, 3)', ['b', 'c']],
    ['[for n in range(3) : n * 2]', [0, 2, 4]],
    ['range(4, 1)', [4, 3, 2]],
    ['chunklist(["a", "b", "c"], 2)', [['a', 'b'], ['c']]],
    ['setintersection(["b", "a"], ["a", "b", "c"], ["b"])', { members: ['b'] }],
    ['zipmap(["a"], [1])', new Map([['a', 1]])],
    ['coalescelist([], ["a"])', ['a']],
    [
      '{ for s in ["a.x", "a.y", "b.z"] : split(".", s)[0] => s... }',
      new Map([
        ['a', ['a.x', 'a.y']],
        ['b', ['b.z']],
      ]),
    ],
    ['try("a", var.x)', 'a'],
    ['can("a")', true],
    ['trim("xxax", "x")', 'a'],
    ['title("hello wide world")', 'Hello Wide World'],
    ['startswith("abc", "ab") && endswith("abc", "bc") && strcontains("abc", "b")', true],
    ['tonumber("12") + max(1, 3)', 15],
    ['["a"] == null', false],
    ['["a", "b"] == ["a", "c"]', false],
    ['false && var.x', false],
    ['var.x || true', true],
  ])('evaluates %s', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it.each([
    'env("HOME")',
    'timestamp()',
    'replace("a", "/a+/", "b")',
    'file("x")',
    'nothing("x")',
    'build.ID',
    'data.x.y.z',
    'var.x',
    'pathexpand("~/x")',
    '"%{ if true }a%{ endif }"',
    'basename(path.cwd)',
    'sha256(path.root)',
    'replace(path.root, "images", "scripts")',
    'split("/", "${path.cwd}/a")[1]',
    'true && var.x',
    'try(var.x, "a")',
    'can(var.x)',
    'jsondecode("{")',
    'yamldecode("a: [")',
    'range(1, 2, 0)',
    'range(100000000)',
    'index(["a"], "b")',
    '{ a = 1 } == { a = 1 }',
  ])('leaves %s to packer', (text) => {
    expect(evaluator().evaluate(parsed(text))).toMatchObject({ known: false });
  });

  it('cannot be led to a prototype', () => {
    for (const text of ['{ a = 1 }.__proto__', '{ a = 1 }["constructor"]', 'constructor("x")', '__proto__("x")']) {
      expect(evaluator().evaluate(parsed(text))).toMatchObject({ known: false });
    }
  });
});
