import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { compareInputs } from '../../../core/drift.ts';
import { fingerprintOf, sortInputs } from '../../../core/fingerprint.ts';
import { Input } from '../../../core/input.ts';
import { type Discovery } from '../../../core/ports.ts';
import {
  discover,
  discovered,
  exampleRepository,
  filesOf,
  refused,
  repository,
  temporaryFolder,
  write,
} from '../../fixtures/templates/repository.ts';
import { gitIn } from '../../fixtures/git.ts';

const packer = join(import.meta.dirname, '..', '..', '..', '.cache', 'packer', 'bin', 'packer');

const debian = { template: 'images/debian-base', var_files: ['images/common/common.pkrvars.hcl'] };

const template = `source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    script = "scripts/a.sh"
  }
}
`;

const small = { 'image.pkr.hcl': template, 'scripts/a.sh': 'echo a\n' };

const globs = (scripts: readonly string[], exclude: readonly string[] = []) => ({ inputs: { scripts, exclude } });

function inputOf({ inputs }: Discovery, name: string): Input | undefined {
  return inputs.find((input) => input.name === name);
}

describe('the fingerprint of a repository', () => {
  it('is the same elsewhere, with other times, and as a fresh checkout', async () => {
    const root = exampleRepository('debian');
    const before = await discovered(root, debian);
    const copy = join(temporaryFolder(), 'elsewhere', 'of another name');
    cpSync(root, copy, { recursive: true });
    for (const name of ['images/scripts/base.sh', 'images/debian-base/main.pkr.hcl']) utimesSync(join(copy, name), 1, 1);
    const git = gitIn(root);
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'images');
    const clone = join(temporaryFolder(), 'clone');
    git('clone', '-q', root, clone);
    for (const other of [copy, clone, root]) {
      const after = await discovered(other, debian);
      expect(after.inputs).toEqual(before.inputs);
      expect(fingerprintOf(after.inputs)).toBe(fingerprintOf(before.inputs));
    }
  });

  it('changes with the bit that lets a script be executed, and with no other', async () => {
    const root = repository(small);
    const before = await discovered(root);
    chmodSync(join(root, 'scripts/a.sh'), 0o700);
    expect(fingerprintOf((await discovered(root)).inputs)).toBe(fingerprintOf(before.inputs));
    chmodSync(join(root, 'scripts/a.sh'), 0o644);
    expect(compareInputs(before.inputs, (await discovered(root)).inputs).changed.map(({ changed }) => changed)).toEqual([['mode']]);
  });

  it('rests on digests that sha256sum computes', async () => {
    const root = exampleRepository('debian');
    for (const input of (await discovered(root, debian)).inputs) {
      if (!('mode' in input)) continue;
      expect(input.digest).toBe(`sha256:${execFileSync('sha256sum', [join(root, input.name)], { encoding: 'utf8' }).slice(0, 64)}`);
    }
  });
});

describe('the inputs', () => {
  it('fit the schema of the manifest and come sorted as the fingerprint sorts them', async () => {
    const { inputs } = await discovered(
      exampleRepository('debian'),
      { ...debian, packer: { version: '1.14.2' }, secrets: { token: 'env:TOKEN' }, variables: ['region'] },
      { region: 'us-east-1' },
    );
    for (const input of inputs) expect(Input.parse(input)).toEqual(input);
    expect(inputs).toEqual(sortInputs(inputs));
    expect(inputs.filter((input) => !('mode' in input)).map((input) => ({ ...input, digest: undefined }))).toEqual([
      { kind: 'option', name: 'var_files', digest: undefined, value: ['images/common/common.pkrvars.hcl'] },
      { kind: 'tool', name: 'packer', digest: undefined, value: '1.14.2' },
      { kind: 'variable', name: 'region', digest: undefined, value: 'us-east-1', from: 'request' },
      { kind: 'variable', name: 'root_password', digest: undefined, sensitive: true, reference: 'template' },
      { kind: 'variable', name: 'token', digest: undefined, sensitive: true, reference: 'env:TOKEN' },
    ]);
  });

  it('are what packer runs and reads: real packer, in the root, with the same template', async () => {
    const root = exampleRepository('debian');
    mkdirSync(join(root, 'out'));
    const words = ['build', '-color=false', '-only=*null.base', `-var-file=${debian.var_files.join('')}`, join(root, debian.template)];
    const run = spawnSync(packer, words, { cwd: root, encoding: 'utf8', env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    expect(run.status, run.stdout + run.stderr).toBe(0);
    const scripts = [...run.stdout.matchAll(/Running local shell script: (\S+\.sh)$/gm)].map(([, script]) =>
      join(root, (script ?? '').replace(root, '')),
    );
    const discovery = await discovered(root, debian);
    const found = filesOf(discovery).flatMap((file) => (file.startsWith('script ') ? [join(root, file.slice('script '.length))] : []));
    expect(found).toEqual([...new Set(scripts)].toSorted());
    expect(discovery.manifestOutputs).toEqual(['out/web.json']);
    expect(execFileSync('ls', ['out'], { cwd: root, encoding: 'utf8' })).toBe('web.json\n');
  });

  it('are of the first kind that fits, whichever way they are named', async () => {
    const discovery = await discovered(repository(small), { inputs: { scripts: ['**'], configs: ['**'] } });
    expect(filesOf(discovery)).toEqual(['script scripts/a.sh', 'template image.pkr.hcl']);
  });

  it('are found by globs, hidden files too, in no order that a folder has', async () => {
    const files = { 'image.pkr.hcl': '', 's/b': '', 's/a': '', 's/.h/x': '', 's/d.md': '', 't/c': '' };
    expect(filesOf(await discovered(repository(files), globs(['s/**', 't'], ['**/*.md'])))).toEqual([
      'script s/.h/x',
      'script s/a',
      'script s/b',
      'script t/c',
      'template image.pkr.hcl',
    ]);
    expect(filesOf(await discovered(repository(files), globs(['*/[ab]', 'none/**'])))).toEqual([
      'script s/a',
      'script s/b',
      'template image.pkr.hcl',
    ]);
  });

  it('are found whatever their names are, and whatever the repository is called', async () => {
    const names = [
      'a b',
      ' a',
      'a ',
      '-rf',
      '!a',
      '#a',
      '~',
      '*',
      '?',
      '[a]',
      '{a,b}',
      '(a)',
      '@(a)',
      'a|b',
      "'",
      '"',
      '$HOME',
      'a\\b',
      'a\tb',
      'a\rb',
      'a\u2028b',
      'é',
      '\u{1F600}',
      '...',
      'a,b',
      '%41',
    ];
    const root = join(temporaryFolder(), 'a\\b [c] {d}');
    write(root, 'image.pkr.hcl', '');
    for (const name of names) {
      write(root, `s/${name}`, '');
      write(root, `t/${name}/${name}`, '');
    }
    const expected = [
      ...names.map((name) => `script s/${name}`),
      ...names.map((name) => `script t/${name}/${name}`),
      'template image.pkr.hcl',
    ];
    expect(filesOf(await discovered(root, globs(['s/*', 't/**']))).toSorted()).toEqual(expected.toSorted());
    for (const name of names.filter((each) => each !== '~')) {
      // As HCL writes it, and in an interpolation, so that it is one part of a path whatever it begins with.
      const text = JSON.stringify(name).replaceAll('\u2028', '\\u2028');
      write(root, 'image.pkr.hcl', `source "qemu" "x" {\n  http_directory = "t/\${${text}}"\n}`);
      expect(filesOf(await discovered(root))).toEqual([`config t/${name}/${name}`, 'template image.pkr.hcl']);
    }
  });

  it('leave out what inputs.exclude names from globs and folders, but not what the template names itself', async () => {
    const folder = template.replace(
      'provisioner',
      'provisioner "file" {\n    source = "scripts"\n    destination = "/tmp"\n  }\n  provisioner',
    );
    const root = repository({ ...small, 'image.pkr.hcl': folder, 'scripts/b.sh': '', 'scripts/c.txt': '' });
    expect(filesOf(await discovered(root, globs([], ['**/*.sh'])))).toEqual([
      'config scripts/c.txt',
      'script scripts/a.sh',
      'template image.pkr.hcl',
    ]);
  });

  it('leave out .git and what this program writes', async () => {
    const root = repository({
      ...small,
      '.git/config': '',
      'sub/.git/config': '',
      'artifacts/base.hash.json': '',
      'artifacts/base/01J9Z3K4M5N6P7Q8R9S0T1V2W3.hash.json': '',
      'state/hybridcore.db-wal': '',
      'state/packer/logs/base.json': '',
      'state/build-service/run-01J9Z3K4M5N6P7Q8R9S0T1V2W3/console.log': '',
      'incoming/run-01J9Z3K4M5N6P7Q8R9S0T1V2W3/report.json': '',
      'control/run-01J9Z3K4M5N6P7Q8R9S0T1V2W3/stop': '',
      'diag/base/01J9Z3K4M5N6P7Q8R9S0T1V2W3.tar.gz': '',
      'artifacts/.hybridcore-1-1.tmp': '',
      'sub/state/f': '',
    });
    expect(filesOf(await discovered(root, globs(['**'])))).toEqual(['script scripts/a.sh', 'script sub/state/f', 'template image.pkr.hcl']);
  });

  it("take what is the user's own in folders of such names", async () => {
    const folder = template.replace(
      '  provisioner "shell-local"',
      '  provisioner "file" {\n    source      = "artifacts/app/"\n    destination = "/srv"\n  }\n  provisioner "shell-local"',
    );
    const own = ['artifacts/app/server.tar.gz', 'diag/probe.sh', 'incoming/data.csv', 'state/seed.sql'];
    const root = repository({ ...small, 'image.pkr.hcl': folder, ...Object.fromEntries(own.map((name) => [name, ''])) });
    expect(filesOf(await discovered(root))).toContain('config artifacts/app/server.tar.gz');
    expect(filesOf(await discovered(root, globs([...own.slice(1), 'artifacts/**'])))).toEqual(
      expect.arrayContaining(own.map((name) => `script ${name}`)),
    );
  });

  it('are refused where they spell out a path that is not there; a wildcard may find nothing', async () => {
    const root = repository(small);
    expect(await refused(root, globs(['scripts/b.sh']))).toMatch(
      /INPUT_UNREADABLE: "scripts\/b\.sh", named by hybridcore\.yaml \(inputs\.scripts\)/,
    );
    expect((await discovered(root, globs(['more/**']))).inputs.length).toBe(2);
  });

  it('are not needed for the source of a file builder', async () => {
    const root = repository({
      'image.pkr.hcl':
        'source "file" "f" {\n  source = "files/motd"\n  target = "out/motd"\n}\nbuild {\n  sources = ["source.file.f"]\n}\n',
      'files/motd': 'hello',
    });
    expect(filesOf(await discovered(root))).toEqual(['config files/motd', 'template image.pkr.hcl']);
  });

  it('leave out what a manifest post-processor writes, which changes with each build', async () => {
    const root = repository({
      'image.pkr.hcl': 'build {\n  post-processor "manifest" {\n    output = "out/m.json"\n  }\n}',
      'out/m.json': '{}',
      'out/other': '',
    });
    const discovery = await discovered(root, globs(['out/**']));
    expect(filesOf(discovery)).toEqual(['script out/other', 'template image.pkr.hcl']);
    expect(discovery.manifestOutputs).toEqual(['out/m.json']);
  });
});

describe('a link', () => {
  it('counts as its target and the bytes of its target', async () => {
    const root = repository({ 'image.pkr.hcl': template, 'real/a.sh': 'echo a\n' });
    mkdirSync(join(root, 'scripts'));
    symlinkSync('../real/a.sh', join(root, 'scripts/a.sh'));
    const before = inputOf(await discovered(root), 'scripts/a.sh');
    const digest = execFileSync('sh', ['-c', '{ printf "../real/a.sh\\0"; cat real/a.sh; } | sha256sum'], {
      cwd: root,
      encoding: 'utf8',
    }).slice(0, 64);
    expect(before).toEqual({ kind: 'script', name: 'scripts/a.sh', digest: `sha256:${digest}`, size: 12, mode: '120000' });
    appendFileSync(join(root, 'real/a.sh'), '#');
    expect(inputOf(await discovered(root), 'scripts/a.sh')?.digest).not.toBe(before?.digest);
  });

  it('to a folder is an input, and so is all that is in the folder, under its own name', async () => {
    const root = repository({ 'image.pkr.hcl': template, 'shared/a.sh': '', 'shared/b/c': '' });
    symlinkSync('shared', join(root, 'scripts'));
    expect(filesOf(await discovered(root))).toEqual(['script scripts', 'script shared/a.sh', 'template image.pkr.hcl']);
    for (const glob of ['scripts/**', 's*', 'scripts']) {
      expect(filesOf(await discovered(root, globs([glob])))).toEqual(
        expect.arrayContaining(['script scripts', 'script shared/a.sh', 'script shared/b/c']),
      );
    }
    const before = await discovered(root);
    rmSync(join(root, 'scripts'));
    cpSync(join(root, 'shared'), join(root, 'copy'), { recursive: true });
    symlinkSync('copy', join(root, 'scripts'));
    expect(fingerprintOf((await discovered(root)).inputs)).not.toBe(fingerprintOf(before.inputs));
  });

  it('to a folder above itself ends', async () => {
    const root = repository({ 'image.pkr.hcl': '', 's/a': '' });
    symlinkSync('.', join(root, 's/loop'));
    symlinkSync('..', join(root, 's/up'));
    expect(filesOf(await discovered(root, globs(['s/**'])))).toEqual(
      ['script image.pkr.hcl', 'script s/a', 'script s/loop', 'script s/up']
        .map((each) => each.replace('script image', 'template image'))
        .toSorted(),
    );
  });

  it.each([
    ['a file outside', '/etc/hostname'],
    ['a file outside that is not there', '/nowhere/at/all'],
    ['a folder outside', '/etc'],
    ['a way through outside', '../'],
  ])('to %s is PATH_OUTSIDE', async (_what, target) => {
    const root = repository({ 'image.pkr.hcl': template, 'scripts/b': '' });
    symlinkSync(target, join(root, 'scripts/a.sh'));
    const expected =
      /^PATH_OUTSIDE: "scripts\/a\.sh", named by (?:image\.pkr\.hcl:7|hybridcore\.yaml \(inputs\.scripts\)), leads out of the repository through a link$/;
    if (target === '../') {
      rmSync(join(root, 'scripts/a.sh'));
      symlinkSync('../../', join(root, 'scripts/a.sh'));
    }
    expect(await refused(root)).toMatch(expected);
    write(root, 'image.pkr.hcl', '');
    expect(await refused(root, globs(['scripts/**']))).toMatch(expected);
  });

  it('among the folders of a glob is followed no more than any other', async () => {
    const root = repository({ 'image.pkr.hcl': '' });
    symlinkSync('/etc', join(root, 'etc'));
    expect(await refused(root, globs(['etc/**']))).toMatch(/^PATH_OUTSIDE: "etc", named by hybridcore\.yaml/);
  });

  it('that leads nowhere or in a circle is INPUT_UNREADABLE', async () => {
    const root = repository({ 'image.pkr.hcl': template, 'scripts/b': '' });
    symlinkSync('none', join(root, 'scripts/a.sh'));
    expect(await refused(root)).toBe(
      'INPUT_UNREADABLE: "scripts/a.sh", named by image.pkr.hcl:7, cannot be read: it is a link that leads nowhere',
    );
    rmSync(join(root, 'scripts/a.sh'));
    symlinkSync('a.sh', join(root, 'scripts/a.sh'));
    expect(await refused(root)).toBe(
      'INPUT_UNREADABLE: "scripts/a.sh", named by image.pkr.hcl:7, cannot be read: its links go in a circle',
    );
  });
});

describe('a file that cannot be an input', () => {
  it('is refused where it is not there, with the line that names it', async () => {
    expect(await refused(repository({ 'image.pkr.hcl': template }))).toBe(
      'INPUT_UNREADABLE: image.pkr.hcl:7 names "scripts/a.sh", which is not there',
    );
    expect(await refused(repository({ 'image.pkr.hcl': '' }), { var_files: ['v.pkrvars.hcl'] })).toBe(
      'INPUT_UNREADABLE: "v.pkrvars.hcl", named by hybridcore.yaml (var_files), cannot be read: it is not there',
    );
  });

  it.each(['/etc/passwd', '../x.sh', '${path.root}/../../x.sh', '~/x.sh', 'C:/x.sh', 'file:///etc/passwd'])(
    'is refused outside the repository: %s',
    async (path) => {
      const root = repository({ 'image.pkr.hcl': template.replace('scripts/a.sh', path) });
      expect(await refused(root)).toMatch(/^PATH_OUTSIDE: image\.pkr\.hcl:7 names "[^\0]*", which is outside the repository$/);
    },
  );

  it('is refused where it is a FIFO, without waiting for a writer', async () => {
    const root = repository({ 'image.pkr.hcl': template, 'scripts/b': '' });
    execFileSync('mkfifo', [join(root, 'scripts/a.sh')]);
    const expected = /^INPUT_UNREADABLE: "scripts\/a\.sh", named by .*, cannot be read: it is a FIFO, neither a file nor a folder$/;
    expect(await refused(root)).toMatch(expected);
    write(root, 'image.pkr.hcl', '');
    expect(await refused(root, globs(['scripts/**']))).toMatch(expected);
    rmSync(join(root, 'image.pkr.hcl'));
    execFileSync('mkfifo', [join(root, 'image.pkr.hcl')]);
    expect(await refused(root)).toMatch(/^INPUT_UNREADABLE: "image\.pkr\.hcl".* it is a FIFO/);
  });

  it('is refused where it is a socket', async () => {
    const root = repository({ 'image.pkr.hcl': '', 's/b': '' });
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(join(root, 's/socket'), resolve));
    onTestFinished(() => void server.close());
    expect(await refused(root, globs(['s/**']))).toMatch(/it is a socket, neither a file nor a folder$/);
  });

  it('is refused where it changes while it is read', async () => {
    const root = repository({ 'image.json': '{"provisioners": [{"type": "shell", "script": "big.sh"}]}', 'big.sh': '' });
    const big = join(root, 'big.sh');
    truncateSync(big, 64 * 1024 * 1024);
    let isDone = false;
    const writing = (async () => {
      for (let byte = 0; !isDone; byte += 1) {
        writeFileSync(big, String(byte % 10), { flag: 'r+' });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const answer = await refused(root, { template: 'image.json' });
    isDone = true;
    await writing;
    expect(answer).toBe('INPUT_UNREADABLE: "big.sh", named by image.json:1, changed while it was read');
  });

  it('is refused where its name has a line feed or is not UTF-8', async () => {
    const lineFeed = repository({ 'image.pkr.hcl': '', 's/a\nb': '' });
    expect(await refused(lineFeed, globs(['s/**']))).toMatch(/^INPUT_NAME: the name "s\/a\\nb" cannot be written into a manifest/);
    const latin = repository({ 'image.pkr.hcl': '', 's/a': '' });
    writeFileSync(Buffer.concat([Buffer.from(join(latin, 's/caf')), Buffer.from([0xe9])]), '');
    expect(await refused(latin, globs(['s/**']))).toMatch(
      /^INPUT_NAME: the name "s\/caf\uFFFD", found by hybridcore\.yaml \(inputs\.scripts\), is not UTF-8$/,
    );
    expect(filesOf(await discovered(latin, globs(['s/a'])))).toEqual(['script s/a', 'template image.pkr.hcl']);
  });

  it('is refused where the template is larger than any template', async () => {
    const root = repository({ 'image.pkr.hcl': '' });
    truncateSync(join(root, 'image.pkr.hcl'), 5 * 1024 * 1024);
    expect(await refused(root)).toMatch(/^INPUT_UNREADABLE: "image\.pkr\.hcl".* has 5242880 bytes; at most 1048576 are taken$/);
  });

  it('is refused where a request gives a value that no manifest can carry', async () => {
    expect(await refused(repository({ 'image.pkr.hcl': '' }), {}, { a: '\uD800' })).toMatch(
      /^REQUEST_INVALID: the value of the variable a/,
    );
  });

  it('is no hidden gap where a folder may not be read', async () => {
    const root = repository({ 'image.pkr.hcl': '', 's/locked/a': '', 's/b': '' });
    const folder = join(root, 's/locked');
    chmodSync(folder, 0);
    onTestFinished(() => chmodSync(folder, 0o755));
    const isPrivileged = process.getuid?.() === 0;
    const outcome = await discover(root, globs(['s/**']));
    // The superuser may read it all the same; everyone else must be told.
    if (isPrivileged) expect(outcome.ok && filesOf(outcome.value)).toEqual(['script s/b', 'script s/locked/a', 'template image.pkr.hcl']);
    else expect(outcome).toMatchObject({ ok: false, failure: { rule: 'INPUT_UNREADABLE' } });
  });
});
