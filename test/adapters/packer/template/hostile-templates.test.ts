import { describe, expect, it } from 'vitest';

import { discoverTemplate } from '../../../../adapters/packer/template/discover-template.ts';
import { type Expression } from '../../../../adapters/packer/template/hcl-document.ts';
import { createEvaluator } from '../../../../adapters/packer/template/hcl-evaluate.ts';
import { type Surroundings } from '../../../../adapters/packer/template/hcl-surroundings.ts';
import { loadHclParser } from '../../../../adapters/packer/template/hcl-parser.ts';
import { unknown } from '../../../../adapters/packer/template/hcl-value.ts';
import { type RepositoryFiles } from '../../../../adapters/packer/template/repository-files.ts';
import { failure, success } from '../../../../core/failure.ts';
import { builder, discovered, refused, repository } from '../../../fixtures/templates/repository.ts';

const parser = await loadHclParser();

function parsed(text: string): Expression {
  const outcome = parser.parseExpression(text, { file: 'image.pkr.hcl', line: 1 });
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

/** An evaluator over these locals that counts how often one is looked up. */
function counting(locals: Readonly<Record<string, string>>): { evaluate: (text: string) => unknown; looks: () => number } {
  let looks = 0;
  const expressions = new Map(Object.entries(locals).map(([name, text]) => [name, parsed(text)]));
  const surroundings: Surroundings = {
    folder: '',
    variable: (name) => unknown(`no ${name}`),
    variableExpression: () => undefined,
    local(name) {
      looks += 1;
      return expressions.get(name);
    },
    filesIn: () => [],
    isFile: () => false,
    textIn: () => undefined,
    templateIn: () => undefined,
  };
  const evaluator = createEvaluator(surroundings);
  return {
    evaluate(text) {
      const evaluation = evaluator.evaluate(parsed(text));
      return evaluation.known ? evaluation.value : evaluation.why;
    },
    looks: () => looks,
  };
}

function chain(length: number, link: (next: string) => string): Record<string, string> {
  const locals = Array.from({ length }, (_, n) => [`l${n}`, link(`local.l${n + 1}`)] as const);
  return { ...Object.fromEntries(locals), [`l${length}`]: '"x"' };
}

const tooLarge = 'the template is too large to be resolved';

describe('locals that grow', () => {
  it('as texts are looked up once each, and told once they are too long for a path', () => {
    const { evaluate, looks } = counting(chain(60, (next) => `"\${${next}}\${${next}}x"`));
    expect(evaluate('local.l0')).toBe('it is too long for a path');
    expect(looks()).toBeLessThanOrEqual(61);
  });

  it('as lists of lists are looked up once each, and no more of them is taken than fits', () => {
    const { evaluate, looks } = counting(chain(60, (next) => `[${next}, ${next}]`));
    expect(evaluate('flatten(local.l0)')).toBe('flatten() is evaluated by packer');
    expect(evaluate('join("", local.l0)')).toBe('join() is evaluated by packer');
    expect(looks()).toBeLessThanOrEqual(61);
  });

  it('through loops over each other stop after so many steps', () => {
    const { evaluate } = counting({
      many: `[${'1,'.repeat(1000)}]`,
      nested: '[for a in local.many : [for b in local.many : [for c in local.many : a]]]',
    });
    expect(evaluate('local.nested')).toBe(tooLarge);
    expect(evaluate('"a"')).toBe(tooLarge);
  });

  it('by what functions do stop after so much text', () => {
    const locals = chain(40, (next) => `"\${${next}}\${${next}}"`);
    const { evaluate } = counting({ ...locals, half: 'local.l21', all: '[for n in range(10000) : "${local.half}${n}"]' });
    expect(evaluate('local.all')).toBe(tooLarge);
  });

  it.each(['trimspace', 'chomp'])('are gone over once by %s(), however long a run is within', async (name) => {
    const template = `build {\n  provisioner "shell" {\n    inline = [${name}(file("a"))]\n  }\n}`;
    const run = '\n'.repeat(1_000_000);
    expect((await discovered(repository({ 'image.pkr.hcl': template, a: `x${run}y` }))).undeclared).toEqual([]);
  });

  it('refer to themselves only once', () => {
    const { evaluate } = counting({ self: '"${local.self}"', a: 'local.b', b: 'local.a' });
    expect(evaluate('local.self')).toBe('the local self refers to itself');
    expect(evaluate('local.a')).toBe('the local a refers to itself');
  });

  it('in a chain longer than anyone writes are told', () => {
    const { evaluate } = counting(chain(5000, (next) => next));
    expect(evaluate('local.l0')).toBe(tooLarge);
  });

  it('by alternatives are not tried all: the rest counts as any text', async () => {
    const choices = Array.from({ length: 30 }, (_, n) => `\${var.v${n} ? "a" : "b"}`).join('');
    const template = `${Array.from({ length: 30 }, (_, n) => `variable "v${n}" {}`).join('\n')}\nbuild {\n  provisioner "shell" {\n    script = "${choices}"\n  }\n}`;
    expect((await discovered(repository({ 'image.pkr.hcl': template }))).undeclared).toHaveLength(1);
  });
});

describe('what nests deep', () => {
  const deep = (open: string, close: string): string => `a = ${open.repeat(20_000)}1${close.repeat(20_000)}`;
  const blocks = `${'b {\n'.repeat(2_000)}${'}\n'.repeat(2_000)}`;

  it.each([
    ['lists', deep('[', ']')],
    ['brackets', deep('(', ')')],
    ['objects', deep('{ a = ', '}')],
    ['conditionals', deep('true ? 1 : ', '')],
    ['calls', deep('f(', ')')],
    ['interpolations', deep('"${', '}"')],
    ['operations', deep('!', '')],
    ['attributes', `a = b${'.c'.repeat(20_000)}`],
    ['blocks', blocks],
  ])('is refused with its line: %s', async (_what, text) => {
    expect(await refused(repository({ 'image.pkr.hcl': text }))).toMatch(/^TEMPLATE_INVALID: image\.pkr\.hcl:\d+: /);
  });

  it.each([
    ['jsondecode', '['],
    ['jsondecode', '{"a":'],
    ['yamldecode', '['],
    ['yamldecode', '- '],
  ])('in a file that %s reads is left to packer: %s', async (name, piece) => {
    const template = `build {\n  provisioner "shell" {\n    script = ${name}(file("a"))\n  }\n}`;
    const { undeclared } = await discovered(repository({ 'image.pkr.hcl': template, a: piece.repeat(20_000) }));
    expect(undeclared.map(({ why }) => why)).toEqual([`${name}() is evaluated by packer`]);
  });
});

/** A repository of one template that counts what is asked of it. */
function countingFiles(
  template: string,
  others: (path: string) => string | undefined = () => undefined,
): { files: RepositoryFiles; asked: () => number } {
  let asked = 0;
  const text = (path: string): string | undefined => (path === 'image.pkr.hcl' ? template : others(path));
  return {
    asked: () => asked,
    files: {
      typeOf(path) {
        asked += 1;
        return success(text(path) === undefined ? 'absent' : 'file');
      },
      namesIn: () => success([]),
      read(path) {
        asked += 1;
        const content = text(path);
        return content === undefined ? failure('INPUT_UNREADABLE', path, '') : success(new TextEncoder().encode(content));
      },
      filesIn(_folder, pattern) {
        asked += 1;
        return [pattern];
      },
      nearest: () => undefined,
    },
  };
}

async function discovery(files: RepositoryFiles) {
  const found = await discoverTemplate(builder({}), {}, files);
  if (!found.ok) throw new Error(found.failure.message);
  return found.value;
}

describe('what is asked of the repository', () => {
  it('is bounded for loops that call file(): the rest is told', async () => {
    const { files, asked } = countingFiles('locals {\n  x = [for a in range(10000) : [for b in range(10000) : file("f${a}-${b}")]]\n}');
    const { named, open } = await discovery(files);
    expect(named.length).toBeLessThan(100_000);
    expect(open.map(({ why }) => why)).toContain(tooLarge);
    expect(asked()).toBeLessThan(1000);
  });

  it('is each file once, however often templates render each other', async () => {
    const others = (path: string): string | undefined => {
      const at = Number(/^t(\d+)$/.exec(path)?.[1] ?? Number.NaN);
      if (Number.isNaN(at)) return undefined;
      return at === 20 ? 'end' : `\${templatefile("t${at + 1}", {})}`.repeat(10);
    };
    const { files, asked } = countingFiles('locals {\n  x = templatefile("t0", {})\n}', others);
    const { open } = await discovery(files);
    expect(open.map(({ why }) => why)).toContain(tooLarge);
    expect(asked()).toBeLessThan(1000);
  });

  it('is no more than so many files of a playbook that leads to ever more', async () => {
    const playbook = (path: string): string | undefined => {
      const at = Number(/^p(\d+)\.yml$/.exec(path)?.[1] ?? Number.NaN);
      return Number.isNaN(at) ? undefined : Array.from({ length: 50 }, (_, n) => `- p${at * 50 + n}.yml`).join('\n');
    };
    const template = 'build {\n  provisioner "ansible" {\n    playbook_file = "p1.yml"\n  }\n}';
    const { files, asked } = countingFiles(template, playbook);
    expect((await discovery(files)).named.length).toBeLessThan(1000);
    expect(asked()).toBeLessThan(10_000);
  });

  it.each(['a', '{{', '{{a}}', 'a/', '- src: "{{ a }}"\n', '- copy: src={{ item }}\n', ' {{ a', '-\n', "a: '"])(
    'is soon looked through where a playbook is nothing but %j',
    async (piece) => {
      const template = 'build {\n  provisioner "ansible" {\n    playbook_file = "p1.yml"\n  }\n}';
      const playbook = piece.repeat(Math.floor(1_000_000 / piece.length));
      const { files, asked } = countingFiles(template, (path) => (path === 'p1.yml' ? playbook : undefined));
      expect((await discovery(files)).open.length).toBeLessThan(10_000);
      expect(asked()).toBeLessThan(10_000);
    },
  );

  it('is plain data for a memory: an answer survives JSON as it is', async () => {
    const { files } = countingFiles(
      'build {\n  provisioner "shell-local" {\n    inline = ["./a ${x}", file("f")]\n    script = env("X")\n  }\n}',
      () => 'text',
    );
    const found = await discovery(files);
    expect(found.consulted.map(({ path }) => path)).toEqual(['f']);
    const { mayBe: _mayBe, ...rest } = found.open[0] ?? {};
    expect(JSON.parse(JSON.stringify({ ...found, open: [rest] }))).toEqual({ ...found, open: [rest] });
  });

  it('and what it answers decide alone: the same answers, the same discovery', async () => {
    const template = 'locals {\n  x = fileset(".", "*.txt")\n}\nbuild {\n  provisioner "ansible" {\n    playbook_file = "p1.yml"\n  }\n}';
    const twice = await Promise.all([1, 2].map(() => discovery(countingFiles(template, () => '- a/b.yml').files)));
    expect(twice[0]).toEqual(twice[1]);
  });
});

describe('a huge template', () => {
  it('is taken as far as its limit, with every file in it', async () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `f${n}`);
    const template = `build {\n${names.map((name) => `  provisioner "shell" {\n    script = "${name}"\n  }\n`).join('')}}`;
    const { files } = countingFiles(template);
    const { named, open } = await discovery(files);
    expect([named.length, open.length]).toEqual([10_000, 0]);
  });
});
