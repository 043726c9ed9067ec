import { execFileSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { folderNames } from '../../../adapters/local/file-columns.ts';
import { freshFor, isFresh } from '../../../adapters/local/file-identity.ts';
import { type HashWork, hashShare, readLength } from '../../../adapters/local/hash-share.ts';
import { imageRepository } from '../../../adapters/local/image-repository.ts';
import { notRead } from '../../../adapters/local/input-file-place.ts';
import { verdictOf } from '../../../core/classification/verdict.ts';
import { digestOf } from '../../../core/digest.ts';
import { builder, repository, write } from '../../fixtures/templates/repository.ts';

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
const scripts = { inputs: { scripts: ['scripts/**'] } };

/** A path whose bytes are those of the text in Latin-1: what is beyond ASCII in it is not UTF-8. */
const latin = (path: string) => Buffer.from(path, 'latin1');

type Outcome = Awaited<ReturnType<ReturnType<typeof imageRepository>['discover']>>;

/** The answer from scratch, and with what is kept of a first one and of a second. */
async function answers(root: string, declared: Readonly<Record<string, unknown>> = scripts): Promise<Outcome[]> {
  const memory = { home: root, program: 'this one' };
  const found: Outcome[] = [];
  for (const kept of [undefined, memory, memory]) found.push(await imageRepository(root, kept).discover(builder(declared), {}));
  return found;
}

/** The refusal, which must be the same with a cache and without. */
async function refusal(root: string, declared?: Readonly<Record<string, unknown>>): Promise<string> {
  const texts = (await answers(root, declared)).map((each) =>
    each.ok ? 'it was taken' : `${each.failure.rule}: ${each.failure.message} -> ${each.failure.remedy}`,
  );
  expect(new Set(texts).size, texts.join('\n')).toBe(1);
  return texts[0] ?? '';
}

describe('a name that is not UTF-8', () => {
  it('is told of a folder, also where another folder stands at the name that Node makes of it', async () => {
    const root = repository(small);
    mkdirSync(latin(`${root}/scripts/caf\xe9`));
    writeFileSync(latin(`${root}/scripts/caf\xe9/hidden.sh`), '');
    const told = 'INPUT_NAME: the name "scripts/caf\uFFFD", found by hybridcore.yaml (inputs.scripts), is not UTF-8';
    expect(await refusal(root)).toContain(told);
    mkdirSync(join(root, 'scripts/caf\uFFFD'));
    expect(await refusal(root)).toContain(told);
    expect(await refusal(root, { inputs: { scripts: ['scripts/**'], exclude: ['scripts/caf*', 'scripts/caf*/**'] } })).toBe('it was taken');
  });

  it('is none that has a real U+FFFD, whatever names it', async () => {
    const root = repository({
      'image.pkr.hcl': template.replace('scripts/a.sh', 'scripts/caf\uFFFD.sh'),
      'scripts/caf\uFFFD.sh': '',
      'scripts/a\uFFFD/b.sh': '',
    });
    symlinkSync('a\uFFFD/b.sh', join(root, 'scripts/link'));
    for (const found of await answers(root)) {
      expect(found.ok && found.value.inputs.map(({ name }) => name)).toEqual([
        'scripts/a\uFFFD/b.sh',
        'scripts/caf\uFFFD.sh',
        'scripts/link',
        'image.pkr.hcl',
      ]);
    }
    writeFileSync(latin(`${root}/scripts/caf\xe9.sh`), '');
    expect(await refusal(root)).toMatch(/^INPUT_NAME: the name "scripts\/caf\uFFFD\.sh".* is not UTF-8/);
  });

  it('is told of a template', async () => {
    const root = repository({ 'images/image.pkr.hcl': '' });
    writeFileSync(latin(`${root}/images/caf\xe9.pkr.hcl`), '');
    expect(await refusal(root, { template: 'images' })).toMatch(/^INPUT_NAME: the name "images\/caf\uFFFD\.pkr\.hcl".* is not UTF-8/);
  });

  it.each([
    ['a file', 'caf\xe9/file'],
    ['a folder', 'caf\xe9'],
  ])('is told of what a link leads to, and %s at the name that Node makes of it is not taken for it', async (_, target) => {
    const root = repository({ ...small, 'caf\uFFFD/file': 'another' });
    mkdirSync(latin(`${root}/caf\xe9`));
    writeFileSync(latin(`${root}/caf\xe9/file`), 'the real one');
    symlinkSync(latin(`../${target}`), join(root, 'scripts/link'));
    expect(await refusal(root)).toMatch(/^INPUT_NAME: "scripts\/link".* is a link to "\.\.\/caf\uFFFD(?:\/file)?"/);
    // This one leads to a name that reads well, and that to one that does not.
    symlinkSync(latin(target), join(root, 'second'));
    symlinkSync('second', join(root, 'first'));
    expect(await refusal(root, { template: 'first' })).toMatch(/^INPUT_NAME: "first"/);
  });
});

describe('a name that no manifest or no file system takes', () => {
  it('is told of a template before a word of it is read', async () => {
    const root = repository({ 'images/a\nb.pkr.hcl': '{{' });
    expect(await refusal(root, { template: 'images' })).toMatch(/^INPUT_NAME: the name "images\/a\\nb\.pkr\.hcl" cannot be written/);
  });

  it('is told where a template names a path with a NUL', async () => {
    const root = repository({ ...small, 'image.pkr.hcl': template.replace('a.sh', String.raw`a\u0000.sh`) });
    expect(await refusal(root)).toMatch(/^INPUT_NAME: the name "scripts\/a\\u0000\.sh", found by image\.pkr\.hcl:7, has a NUL/);
  });
});

describe('links', () => {
  it('in circles among folders and templates end, with the place', async () => {
    const root = repository({ ...small, 'images/x.pkr.hcl': '' });
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('two', join(root, 'one'));
    symlinkSync('one', join(root, 'two'));
    const circle = /^INPUT_UNREADABLE: "[\w/.]+", named by [^,]*, cannot be read: its links go in a circle/;
    for (const path of ['loop', 'loop/in/it', 'one']) expect(await refusal(root, { template: path })).toMatch(circle);
    symlinkSync('../one', join(root, 'images/y.pkr.hcl'));
    expect(await refusal(root, { template: 'images' })).toMatch(circle);
    expect(await refusal(root, { var_files: ['one'] })).toMatch(circle);
    expect(await refusal(root, { inputs: { configs: ['one/**'] } })).toMatch(circle);
  });

  it('that multiply what they lead to are walked once each', async () => {
    const root = repository(small);
    for (let depth = 0; depth < 20; depth += 1) {
      mkdirSync(join(root, `scripts/${depth}`), { recursive: true });
      symlinkSync(`../${depth + 1}`, join(root, `scripts/${depth}/left`));
      symlinkSync(`../${depth + 1}`, join(root, `scripts/${depth}/right`));
    }
    mkdirSync(join(root, 'scripts/20'));
    const [found] = await answers(root);
    expect(found?.ok === true && found.value.inputs.length).toBe(2 + 40);
  });

  it.each([
    ['a template', { template: 'out' }],
    ['a template in its folder', { template: 'images' }],
    ['a variable file', { var_files: ['out'] }],
    ['a file that a glob finds', { inputs: { configs: ['*'] } }],
    ['a folder on the way', { inputs: { configs: ['through/passwd'] } }],
  ])('out of the repository are told of: %s', async (_, declared) => {
    const root = repository({ ...small, 'images/a.pkr.hcl': '' });
    symlinkSync('/etc/passwd', join(root, 'out'));
    symlinkSync('/etc', join(root, 'through'));
    symlinkSync('/etc/passwd', join(root, 'images/out.pkr.hcl'));
    expect(await refusal(root, declared)).toMatch(
      /^PATH_OUTSIDE: "[\w/.]+", named by (?:hybridcore\.yaml|the template).*, leads out of the repository through a link/,
    );
  });

  it('that become links out of the repository after they were known are told of', async () => {
    const root = repository({ ...small, 'elsewhere/a.sh': 'echo a\n' });
    expect((await answers(root)).every((each) => each.ok)).toBe(true);
    renameSync(join(root, 'scripts'), join(root, 'before'));
    symlinkSync('/etc', join(root, 'scripts'));
    expect(await refusal(root)).toMatch(/^PATH_OUTSIDE/);
  });
});

describe('a FIFO', () => {
  it.each([
    ['a template', { template: 'pipe' }],
    ['a template in its folder', { template: 'images' }],
    ['a variable file', { var_files: ['pipe'] }],
    ['a file that a glob finds', { inputs: { configs: ['pip*'] } }],
    ['the end of a link', { inputs: { configs: ['link'] } }],
  ])('is told of as what it is, and nobody waits for its writer: %s', async (_, declared) => {
    const root = repository({ ...small, 'images/a.pkr.hcl': '' });
    execFileSync('mkfifo', [join(root, 'pipe'), join(root, 'images/pipe.pkr.hcl')]);
    symlinkSync('pipe', join(root, 'link'));
    expect(await refusal(root, declared)).toMatch(/^INPUT_UNREADABLE: "[\w/.]+".* it is a FIFO, neither a file nor a folder/);
  });

  it('in the place of what is kept of a repository is not waited for, and nothing of it is believed', async () => {
    const root = repository(small);
    mkdirSync(join(root, 'state/inputs-cache'), { recursive: true });
    execFileSync('mkfifo', [join(root, 'state/inputs-cache/index')]);
    const [scratch, ...kept] = await answers(root);
    expect(kept).toEqual([scratch, scratch]);
  });
});

describe('a file that changes', () => {
  it('without another time of its status is not taken: a clock that ticks slowly hides what was written meanwhile', () => {
    const root = repository({ 'a.sh': 'a'.repeat(300 * 1024) });
    const still = lstatSync(join(root, 'a.sh'));
    const slowClock: typeof fs = {
      ...fs,
      // As on a file system whose time does not move on while the file is read and written.
      fstatSync: ((descriptor: number) =>
        Object.assign(fs.fstatSync(descriptor), { ctimeMs: still.ctimeMs, mtimeMs: still.mtimeMs })) as typeof fs.fstatSync,
      readSync: ((descriptor: number, ...rest: [Buffer, number, number, null]) => {
        const got = fs.readSync(descriptor, ...rest);
        const other = openSync(join(root, 'a.sh'), 'r+');
        writeSync(other, 'b', 299 * 1024);
        closeSync(other);
        return got;
      }) as typeof fs.readSync,
    };
    const work = workOver(root, ['a.sh']);
    hashShare(slowClock, crypto, Buffer.alloc(readLength), work, Infinity, Infinity);
    expect(isFresh(still.ctimeMs, Date.now())).toBe(true);
    expect([...work.done]).toEqual([0]);
  });

  it('is hashed by the quick way once it is older than a tick', async () => {
    const root = repository({ 'a.sh': 'a' });
    await after(freshFor * 2);
    const work = workOver(root, ['a.sh']);
    hashShare(fs, crypto, Buffer.alloc(readLength), work, Infinity, Infinity);
    expect([...work.done]).toEqual([1]);
  });

  it('right after it was written is waited for, and has the digest of what was written', async () => {
    const root = repository(small);
    for (let round = 0; round < 5; round += 1) {
      write(root, 'scripts/a.sh', `echo ${round}\n`);
      for (const each of await answers(root))
        expect(each.ok && each.value.inputs.find(({ name }) => name === 'scripts/a.sh')?.digest).toBe(digestOf(`echo ${round}\n`));
    }
  });

  it('while it is read is told of, with a cache and without', async () => {
    const root = repository({ ...small, 'scripts/big': '' });
    const big = join(root, 'scripts/big');
    truncateSync(big, 64 * 1024 * 1024);
    let isDone = false;
    const writing = (async () => {
      for (let byte = 0; !isDone; byte += 1) {
        writeFileSync(big, String(byte % 10), { flag: 'r+' });
        await turn();
      }
    })();
    const told = await refusal(root);
    isDone = true;
    await writing;
    expect(told).toMatch(/^INPUT_UNREADABLE: "scripts\/big", named by .*, changed while it was read -> keep the repository still/);
  });

  it('is told of where it is a template behind a link, which was parsed as one and hashed as another', async () => {
    const other = template.replace('a.sh', 'b.sh');
    const root = repository({ 'one.pkr.hcl': template, 'two.pkr.hcl': other, 'scripts/a.sh': 'a', 'scripts/b.sh': 'b', 'files/big': '' });
    // Hashed before links are, and for long enough: so the link can be turned in between.
    truncateSync(join(root, 'files/big'), 40 * 1024 * 1024);
    const link = join(root, 'image.pkr.hcl');
    const named = new Map([
      [digestOf(`one.pkr.hcl\0${template}`), 'scripts/a.sh'],
      [digestOf(`two.pkr.hcl\0${other}`), 'scripts/b.sh'],
    ]);
    const told: string[] = [];
    for (const delay of [0, 1, 2, 4, 8, 16, 24]) {
      rmSync(link, { force: true });
      symlinkSync('one.pkr.hcl', link);
      await after(freshFor * 2);
      const asking = imageRepository(root).discover(builder({ inputs: { configs: ['files/**'] } }), {});
      await after(delay);
      rmSync(link);
      symlinkSync('two.pkr.hcl', link);
      const found = await asking;
      if (!found.ok) told.push(`${found.failure.rule}: ${found.failure.message}`);
      else {
        const [file, script] = ['template', 'script'].map((kind) => found.value.inputs.find((input) => input.kind === kind));
        expect(file === undefined ? undefined : named.get(file.digest)).toBe(script?.name);
      }
    }
    expect(told).toContain('INPUT_UNREADABLE: "image.pkr.hcl", named by hybridcore.yaml (template), changed while it was read');
  });
});

describe('a file that vanishes', () => {
  it('while the inputs are read is told of, or was whole: never a fingerprint of something else', async () => {
    const root = repository({ ...small, 'scripts/b.sh': 'b' });
    await after(freshFor * 2);
    const [whole] = await answers(root);
    const isDone = { value: false };
    const vanishing = (async () => {
      while (!isDone.value) {
        unlinkSync(join(root, 'scripts/a.sh'));
        await turn();
        writeFileSync(join(root, 'scripts/a.sh'), 'echo a\n', { mode: 0o755 });
        await turn();
      }
    })();
    for (let round = 0; round < 60; round += 1) {
      const found = await imageRepository(root, round % 2 === 0 ? undefined : { home: root, program: 'x' }).discover(builder(scripts), {});
      if (found.ok) expect(found).toEqual(whole);
      else expect(`${found.failure.rule}: ${found.failure.message}`).toMatch(/^INPUT_UNREADABLE: .*scripts\/a\.sh/);
    }
    isDone.value = true;
    await vanishing;
  });
});

describe('what the machine fails to read', () => {
  it.each([
    ['EIO', 'STORAGE', 2],
    ['EMFILE', 'STORAGE', 2],
    ['ENOMEM', 'STORAGE', 2],
    ['EACCES', 'INPUT_UNREADABLE', 1],
    ['ENOENT', 'INPUT_UNREADABLE', 1],
    ['ENAMETOOLONG', 'INPUT_UNREADABLE', 1],
  ] as const)('is transient, and what is wrong with the file is not: %s', (code, rule, exitCode) => {
    const { failure } = notRead('scripts/a.sh', 'image.pkr.hcl:7', Object.assign(new Error('x'), { code }));
    expect([failure.rule, verdictOf(failure).exit_code]).toEqual([rule, exitCode]);
    expect(failure.message).toMatch(/^"scripts\/a\.sh", named by image\.pkr\.hcl:7, cannot be read: /);
  });

  it('is a bug where it is no error of the system', () => {
    expect(() => notRead('a', 'b', new TypeError('of our own'))).toThrow('of our own');
  });
});

function workOver(root: string, names: readonly string[]): HashWork {
  return {
    root,
    folders: [folderNames('', names)],
    next: new Int32Array(new SharedArrayBuffer(4)),
    done: new Uint8Array(names.length),
    digests: Buffer.alloc(names.length * 64),
    identities: new Float64Array(names.length * 6),
    stillBefore: null,
    freshFor,
  };
}
