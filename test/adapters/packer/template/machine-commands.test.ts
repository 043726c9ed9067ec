import { describe, expect, it } from 'vitest';

import { seenText, shellText } from '../../../../adapters/packer/template/shell-variables.ts';
import { shellWords } from '../../../../adapters/packer/template/shell-words.ts';
import { discovered, filesOf, repository } from '../../../fixtures/templates/repository.ts';

const template = (attributes: string): string => `
variable "os" {
  type = string
}
source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    ${attributes}
  }
}
`;

const files = {
  'scripts/a.sh': '',
  'scripts/c.sh': '',
  'scripts/b.py': '',
  'answers.txt': '',
  'images/seed.cfg': '',
  'out/disk.img': '',
};

async function found(attributes: string, declared: Readonly<Record<string, unknown>> = {}): Promise<{ inputs: string[]; open: string[] }> {
  const discovery = await discovered(repository({ 'image.pkr.hcl': template(attributes), ...files }), declared);
  return {
    inputs: filesOf(discovery).filter((file) => !file.startsWith('template ')),
    open: discovery.undeclared.map(({ reference, line, why }) => `${reference} @${line}: ${why}`),
  };
}

const onlyTheCommandKnows = 'a command of this machine names it, and whether it is read or written only the command knows';

describe('commands of this machine', () => {
  it.each([
    ['inline = ["./scripts/a.sh --fast"]', ['script scripts/a.sh']],
    ['inline = ["bash -eu scripts/a.sh && python3 scripts/b.py"]', ['script scripts/a.sh', 'script scripts/b.py']],
    ['inline = ["if true; then sudo -E ./scripts/a.sh; fi"]', ['script scripts/a.sh']],
    ['inline = ["VERSION=$(./scripts/a.sh) echo done"]', ['script scripts/a.sh']],
    ['inline = ["sh -c \'. scripts/a.sh; true\'"]', ['script scripts/a.sh']],
    ['inline = ["cd scripts", "./a.sh"]', ['script scripts/a.sh']],
    ['inline = ["(cd scripts && ./a.sh)", "./scripts/b.py"]', ['script scripts/a.sh', 'script scripts/b.py']],
    ['inline = ["sort < answers.txt"]', ['config answers.txt']],
    ['inline = ["${path.root}/scripts/a.sh"]', ['script scripts/a.sh']],
    ['inline = [<<-EOT\n      set -e\n      ./scripts/a.sh\n    EOT\n    ]', ['script scripts/a.sh']],
    ['command = "scripts/a.sh"', ['script scripts/a.sh']],
    ['execute_command = ["bash", "-c", "{{.Vars}} ./scripts/a.sh {{.Script}}"]', ['script scripts/a.sh']],
    ['execute_command = ["bash {{.Script}}", env("X")]', []],
  ])('make inputs of what they certainly run or read: %s', async (attribute, expected) => {
    expect(await found(attribute)).toEqual({ inputs: expected, open: [] });
  });

  it.each([
    'inline = ["echo scripts/a.sh answers.txt"]',
    'inline = ["mkdir -p out && rm -f answers.txt && touch images/seed.cfg"]',
    'inline = ["date > answers.txt 2>&1", "date >> images/seed.cfg"]',
    'inline = ["cat <<EOF\\n./scripts/a.sh\\nEOF"]',
    'inline = ["true # ./scripts/a.sh"]',
    'inline = ["curl -sSf -o answers.txt https://example.org/a.b"]',
    'inline = ["/usr/bin/env true", "aws ec2 wait image-available", "$HOME/bin/x", "~/y/z"]',
  ])('make nothing of what they print, make, remove or leave to the machine: %s', async (attribute) => {
    expect(await found(attribute)).toEqual({ inputs: [], open: [] });
  });

  it('tell of files that they are given, since they may be read or written', async () => {
    expect(await found('inline = ["tool --answers=answers.txt images/seed.cfg nothing.txt"]')).toEqual({
      inputs: [],
      open: [`answers.txt @11: ${onlyTheCommandKnows}`, `images/seed.cfg @11: ${onlyTheCommandKnows}`],
    });
  });

  it('tell of no file that is declared or excluded, that the template writes, or that is a copy', async () => {
    const given = 'inline = ["tool answers.txt", "tool out/disk.img"]';
    const output = 'post-processor "compress" {\n    output = "out/disk.img"\n  }\n}';
    const text = template(given).replace(/\}\n$/, `${output}\n`);
    const root = repository({ 'image.pkr.hcl': text, ...files });
    expect((await discovered(root, { inputs: { configs: ['answers.txt'] } })).undeclared).toEqual([]);
    expect((await discovered(root, { inputs: { exclude: ['*.txt'] } })).undeclared).toEqual([]);
    expect((await discovered(root)).undeclared).toHaveLength(1);
    expect(await found('inline = ["cp /tmp/x answers.txt"]')).toEqual({ inputs: [], open: [] });
  });

  it('make no input of what the build itself makes', async () => {
    const text = template('inline = ["./out/tool", "./out/later", "sha256sum < out/disk.img"]').replace(
      'communicator = "none"',
      'communicator = "none"\n  output_directory = "out"',
    );
    const discovery = await discovered(repository({ 'image.pkr.hcl': text, ...files, 'out/tool': '' }));
    expect([filesOf(discovery), discovery.undeclared]).toEqual([['template image.pkr.hcl'], []]);
  });

  it.each([
    ['inline = ["./scripts/${var.os}.sh"]', './scripts/....sh @11: part of it is known only to packer'],
    ['inline = [var.os]', 'var.os @11: the variable os has no value here'],
    ['inline = ["./made/by-packer.sh"]', 'made/by-packer.sh @11: it is not there, so an earlier step of the build must make it'],
    ['inline = ["cd ${var.os}", "../scripts/a.sh"]', '../scripts/a.sh @11: a command before it goes to a folder that is not known'],
    ['inline = ["../other/a.sh"]', '../other/a.sh @11: it is outside the repository'],
    ['inline = ["bash $DIR/a.sh"]', '.../a.sh @11: the shell fills in part of it'],
  ])('tell of what they run and cannot be resolved: %s', async (attribute, expected) => {
    expect(await found(attribute)).toEqual({ inputs: [], open: [expected] });
  });

  const onlyOfPattern = 'a command of this machine names what it finds, and whether that is read or written only the command knows';

  it.each([
    ['cat images/*.cfg > /tmp/all', 'images/*.cfg'],
    ['cat images/see[cd].cfg', 'images/see[cd].cfg'],
    ['cat images/{seed,other}.cfg', 'images/{seed,other}.cfg'],
    ['cat answers.tx?', 'answers.tx?'],
    ['for f in scripts/*.sh; do bash $f; done', 'scripts/*.sh'],
    ['S="scripts/*.sh"; ls scripts/*.sh | xargs -n1 bash', 'scripts/*.sh'],
    ['cat "images/$NAME.cfg"', 'images/....cfg'],
    ['cp -r im*s /tmp/x', 'im*s'],
  ])('tell of patterns that find files: %s', async (command, expected) => {
    expect(await found(`inline = [${JSON.stringify(command)}]`)).toEqual({ inputs: [], open: [`${expected} @11: ${onlyOfPattern}`] });
  });

  it('tell in the order of the lines', async () => {
    const { open } = await found(
      'environment_vars = ["A=answers.txt"]\n    execute_command = ["bash", var.os]\n    inline = ["cat images/*.cfg", "bash $X"]',
    );
    expect(open.map((each) => Number(/@(\d+)/.exec(each)?.[1]))).toEqual([11, 13, 13]);
  });

  it('settle a pattern by a glob', async () => {
    const inline = 'inline = ["cat images/*.cfg scripts/{a,b}.sh"]';
    expect((await found(inline, { inputs: { configs: ['images/*.cfg', 'scripts/*'] } })).open).toEqual([]);
    expect((await found(inline, { inputs: { exclude: ['images/**', 'scripts/**'] } })).open).toEqual([]);
    expect((await found(inline, { inputs: { configs: ['images/*.txt'] } })).open).toHaveLength(2);
  });

  it.each([
    'cat none/*.txt none*',
    "find /tmp -name '*.txt'",
    'rm -f images/*',
    'ls *.txt',
    'curl https://example.org/?a=*',
    '[ -f x ] && [[ $A == *.txt ]]',
    'eval $(ssh-agent -s); $SHELL -c true; exit $?',
    'cat $DIR/answers.txt none/$X.txt',
  ])('make nothing of patterns and variables that name nothing in the repository: %s', async (command) => {
    expect(await found(`inline = [${JSON.stringify(command)}]`)).toEqual({ inputs: [], open: [] });
  });

  it.each([
    ['S=scripts/a.sh; bash \\"$S\\"', ['script scripts/a.sh']],
    ['D=scripts", "export S=$${D}/a.sh", "$S --fast', ['script scripts/a.sh']],
    ['for f in scripts/a.sh; do ./$f; done', ['script scripts/a.sh']],
  ])('know what a variable was given: %s', async (command, expected) => {
    expect((await found(`inline = ["${command.replaceAll('\\\\', '\\')}"]`)).inputs).toEqual(expected);
    expect((await found(`inline = ["${command.replaceAll('\\\\', '\\')}"]`)).open.filter((each) => !each.startsWith('scripts @'))).toEqual(
      [],
    );
  });

  it.each([
    ['for f in scripts/a scripts/c; do bash $f.sh; done', ['script scripts/a.sh', 'script scripts/c.sh']],
    ['for f in a c; do ./scripts/$f.sh; done', ['script scripts/a.sh', 'script scripts/c.sh']],
    ['if x; then S=a; else S=c; fi; sort < scripts/$S.sh', ['config scripts/a.sh', 'config scripts/c.sh']],
    ['PY=python; PY=python3; $PY scripts/b.py', ['script scripts/b.py']],
    ['CMD="bash scripts/a.sh"; $CMD', ['script scripts/a.sh']],
    ['CMD="bash scripts/a.sh"; CMD=./scripts/c.sh; sudo $CMD', ['script scripts/a.sh', 'script scripts/c.sh']],
    ['SUDO=; $SUDO ./scripts/a.sh', ['script scripts/a.sh']],
    ['LIST="scripts/a.sh scripts/c.sh"; for f in $LIST; do sh "$f"; done', ['script scripts/a.sh', 'script scripts/c.sh']],
    ['CMD="bash scripts/a.sh"; eval "$CMD"; sh -c "$CMD"', ['script scripts/a.sh']],
  ])('run each that a variable may name: %s', async (command, expected) => {
    expect(await found(`inline = [${JSON.stringify(command)}]`)).toEqual({ inputs: expected, open: [] });
  });

  it.each([
    ['for d in scripts images; do (cd $d && ./a.sh); done', './a.sh'],
    ['for d in scripts images; do (cd $d && bash a.sh); done', 'a.sh'],
    ['if x; then D=scripts; else D=images; fi; cd "$D" && ./a.sh', './a.sh'],
    ['D=images; cd $D; D=scripts; cd $D; ./a.sh', './a.sh'],
    ['for d in scripts images; do pushd $d; sort < a.sh; popd; done', 'a.sh'],
  ])('tell of what runs in a folder that is one of several: %s', async (command, expected) => {
    const why = 'a command before it goes to a folder that is not known';
    expect(await found(`inline = [${JSON.stringify(command)}]`)).toEqual({ inputs: [], open: [`${expected} @11: ${why}`] });
  });

  it.each(['cd /tmp && bash a.sh', 'cd ~; cd x; sort < a.sh'])('leave to the machine what runs in its folders: %s', async (command) => {
    expect(await found(`inline = [${JSON.stringify(command)}]`)).toEqual({ inputs: [], open: [] });
  });

  it.each([
    'set -- scripts/a.sh; bash \\"$1\\"',
    'exec \\"$@\\"',
    '$${2} x',
    'for f in \\"$@\\"; do sh $f; done',
    'bash $TOOL',
    '$TOOL x',
    'while read f; do sh \\"$f\\"; done',
    'sort < $LIST',
  ])('tell of a program that is a variable: %s', async (command) => {
    expect((await found(`inline = ["${command.replaceAll('\\\\', '\\')}"]`)).open).toEqual([
      '$... @11: the shell fills in what is run or read',
    ]);
  });

  it.each([
    'make -C scripts all',
    'terraform -chdir=scripts apply',
    'run-parts scripts',
    'find scripts -exec sh {} \\\\;',
    'cp -r scripts /tmp/x',
    'cd $(mktemp -d); tar cf x.tar scripts',
  ])('tell of a folder that they are given: %s', async (command) => {
    expect(await found(`inline = ["${command}"]`)).toEqual({ inputs: [], open: [`scripts @11: ${onlyTheCommandKnows}`] });
  });

  it.each(['environment_vars = ["CONF=answers.txt", "A=none.txt", "scripts=true"]', 'env = { CONF = "answers.txt", A = "none.txt" }'])(
    'tell of a file that their environment names: %s',
    async (attribute) => {
      const open = [`answers.txt @11: ${onlyTheCommandKnows}`];
      expect(await found(`${attribute}\n    inline = ["true"]`)).toEqual({ inputs: [], open });
    },
  );

  it('are covered by a glob that finds all that they may run', async () => {
    expect(await found('inline = ["./scripts/${var.os}.sh"]', { inputs: { scripts: ['scripts/**'] } })).toMatchObject({ open: [] });
  });

  it('are those of shell-local alone: others run where the repository is not', async () => {
    const text = template('inline = ["./scripts/a.sh answers.txt"]').replace('"shell-local"', '"shell"');
    const discovery = await discovered(repository({ 'image.pkr.hcl': text, ...files }));
    expect([filesOf(discovery), discovery.undeclared]).toEqual([['template image.pkr.hcl'], []]);
  });
});

describe('the words of a shell', () => {
  it.each([
    [
      'a/b \'c d\' "e f"',
      [
        ['a/b', 'runs'],
        ['c d', 'names'],
        ['e f', 'names'],
      ],
    ],
    [
      'x=./y z/q',
      [
        ['./y', 'names'],
        ['z/q', 'runs'],
      ],
    ],
    [
      'a/b\\\n c',
      [
        ['a/b', 'runs'],
        ['c', 'names'],
      ],
    ],
    ['bash "$A/b"', [[`${shellText}/b`, 'runs']]],
    [
      'A=x; for f in $A/1 $A/2; do sh $f $(y); done',
      [
        ['x', 'names'],
        ['x/1', 'names'],
        ['x/2', 'names'],
        ['x/1', 'runs'],
        ['x/2', 'runs'],
        [seenText, 'names'],
        ['', 'opens'],
        ['', 'closes'],
      ],
    ],
    ["bash 'unclosed", [['unclosed', 'runs']]],
    ['${HOME}/bin/x', [['~/bin/x', 'runs']]],
    ['python3 -m http.server www/a', [['www/a', 'names']]],
  ])('of %j are told by what becomes of them', (script, expected) => {
    const words = shellWords(script).map(({ text, use }) => [text, use]);
    expect(words).toEqual(expected);
  });

  it('are found in little time, whatever the text is', () => {
    for (const piece of [
      'A=$A$A; ',
      'A=$A/a; b $A; ',
      'A=1; A=2; cat ./$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A; ',
      'A=$A$B$C; B=$C$A; C=$B/1; ./$A$B$C $A$B $C; ',
      'A="$A a ./a"; for b in $A $A; do $b $A $A; done; ',
      'A="$A eval \\"$A\\"; "; eval "$A"; sh -c "$A"; ',
      'for a in $a $a x; do ',
      '{a,',
      '[',
      '$(',
      '`',
      '"',
      "'",
      '<<a\n',
      '\\',
      '(',
      '$(a ',
      '{ ',
      '> ',
    ])
      expect(shellWords(piece.repeat(2_000)).length).toBeLessThan(25_000);
  });

  it.each([
    ['variables in one word', `A=1; A=2; cat ${'$A'.repeat(100_000)}`],
    ['variables of several values', `for a in ${Array.from({ length: 20 }, (_, n) => n).join(' ')}; do cat ./$a$a$a$a$a; done`],
    [
      'different ones',
      `${Array.from({ length: 200 }, (_, n) => `A${n}=1; A${n}=2;`).join('')} cat ${Array.from({ length: 200 }, (_, n) => `$A${n}`).join('')}`,
    ],
    ['words in a value', `A="${'a '.repeat(2_000)}"; ${'./x $A $A; '.repeat(5_000)}`],
    [
      'programs with arguments',
      `for a in ${Array.from({ length: 20 }, (_, n) => `./${n}`).join(' ')}; do $a ${'b '.repeat(100_000)}; done`,
    ],
  ])('are bounded: %s', (_what, script) => {
    const from = performance.now();
    expect(shellWords(script).length).toBeLessThan(250_000);
    expect(performance.now() - from).toBeLessThan(3_000);
  });

  it('give a variable that stands twice in one word one value', () => {
    expect(
      shellWords('A=1; A=2; ./$A/$A')
        .filter(({ use }) => use === 'runs')
        .map(({ text }) => text),
    ).toEqual(['./1/1', './2/2']);
  });
});
