import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { freshFor } from '../../../adapters/local/file-identity.ts';
import { folderNames, digestAt, namesOf } from '../../../adapters/local/file-columns.ts';
import { inputsCacheFolder } from '../../../adapters/local/cache-owner.ts';
import { openHashQueue } from '../../../adapters/local/input-file-hashing.ts';
import { repositoryFiles } from '../../../adapters/local/image-repository-files.ts';
import { noSightings } from '../../../adapters/local/input-sightings.ts';
import { discoverRemembered } from '../../../adapters/local/remembered-discovery.ts';
import { openStatCache } from '../../../adapters/local/stat-cache.ts';
import { imageRepository } from '../../../adapters/local/image-repository.ts';
import { type Asked, type Grounds, keepAnswer, recallAnswer } from '../../../adapters/local/kept-answer.ts';
import { digestOf } from '../../../core/digest.ts';
import { type Outcome } from '../../../core/failure.ts';
import { type Discovery } from '../../../core/ports.ts';
import { builder, repository, temporaryFolder, write } from '../../fixtures/templates/repository.ts';

const template = `source "null" "x" {
  communicator = "none"
}
build {
  sources = ["source.null.x"]
  provisioner "shell-local" {
    scripts = ["scripts/a.sh", "scripts/b.sh"]
  }
}
`;
const small = { 'image.pkr.hcl': template, 'scripts/a.sh': 'echo a\n', 'scripts/b.sh': 'echo b\n', 'files/one': '1', 'files/in/two': '2' };
const declared = { inputs: { configs: ['files/**'] } };
const program = 'this one';

interface Asking {
  readonly outcome: Outcome<Discovery>;
  readonly grounds: Grounds | undefined;
}

async function ask(root: string, home = root, by = program, about: Readonly<Record<string, unknown>> = declared): Promise<Asking> {
  let grounds: Grounds | undefined;
  const repositoryWithMemory = imageRepository(root, { home, program: by }, (found) => {
    grounds = found;
  });
  return { outcome: await repositoryWithMemory.discover(builder(about), {}), grounds };
}

async function filesRead(root: string, home = root, by = program): Promise<number | undefined> {
  const { outcome, grounds } = await ask(root, home, by);
  expect(outcome).toEqual(await imageRepository(root).discover(builder(declared), {}));
  return grounds?.read;
}

/** A repository whose files are older than any question about it, with what was found out about them kept. */
async function known(files: Readonly<Record<string, string>> = small): Promise<string> {
  const root = repository(files);
  await older();
  await ask(root);
  return root;
}

/** The clock of a file system ticks every few milliseconds; what changed within its last tick is read again. */
const older = () => after(freshFor + 5);

const index = (root: string) => join(root, inputsCacheFolder, 'index');

describe('the second question about a repository', () => {
  it('reads no file where nothing changed', async () => {
    expect(await filesRead(await known())).toBe(0);
  });

  it('reads the one file that changed', async () => {
    const root = await known();
    write(root, 'scripts/a.sh', 'echo another\n');
    await older();
    expect(await filesRead(root)).toBe(1);
    expect(await filesRead(root)).toBe(0);
  });

  it('reads a file again whose bytes are as many as before and whose time was put back', async () => {
    const root = await known();
    const before = statSync(join(root, 'files/one'));
    writeFileSync(join(root, 'files/one'), '3');
    utimesSync(join(root, 'files/one'), before.atime, before.mtime);
    expect(await filesRead(root)).toBe(1);
  });

  it('reads a file again that changed in the very instant of the first question', async () => {
    for (let round = 0; round < 20; round += 1) {
      const root = repository(small);
      await ask(root);
      writeFileSync(join(root, 'files/one'), String(round % 10));
      await filesRead(root);
    }
  });

  it('reads a file again that another took the place of', async () => {
    const root = await known();
    writeFileSync(join(root, 'other'), '3');
    renameSync(join(root, 'other'), join(root, 'files/one'));
    expect(await filesRead(root)).toBe(1);
  });

  it('sees a new mode, a new file, and one that is gone', async () => {
    const root = await known();
    chmodSync(join(root, 'files/one'), 0o755);
    write(root, 'files/in/three', '3');
    rmSync(join(root, 'files/in/two'));
    expect(await filesRead(root)).toBe(2);
  });

  it('finds a folder that became a link to where it was moved', async () => {
    const root = await known();
    renameSync(join(root, 'files/in'), join(root, 'elsewhere'));
    symlinkSync('../elsewhere', join(root, 'files/in'));
    await filesRead(root);
  });
});

describe('what a template shows', () => {
  it('is found again without the parser, where each question of the first time has the same answer', async () => {
    const root = await known();
    const cache = openStatCache(root, { root, program });
    const about = builder(declared);
    const files = repositoryFiles(root, [], noSightings());
    const [key, note] = Object.entries(JSON.parse(notesOf(root)) as Record<string, { discovery: object }>)[0] ?? [''];
    if (cache === undefined || note === undefined) throw new TypeError('the first question kept a note');
    cache.keepNote(key, { ...note, discovery: { ...note.discovery, manifestOutputs: ['from the cache'] } });
    expect(await discoverRemembered(about, {}, files, cache)).toMatchObject({ value: { manifestOutputs: ['from the cache'] } });
    write(root, 'image.pkr.hcl', `${template}\n`);
    expect(await discoverRemembered(about, {}, files, cache)).toMatchObject({ value: { manifestOutputs: [] } });
    cache.close();
  });

  it('is found out anew for other builds of it', async () => {
    const root = await known();
    const selection = { ...declared, only: ['nothing'] };
    const { outcome } = await ask(root, root, program, selection);
    expect(outcome).toEqual(await imageRepository(root).discover(builder(selection), {}));
  });

  const notesOf = (root: string) => /\{"\[.*$/s.exec(readFileSync(index(root), 'latin1'))?.[0] ?? '{}';
});

describe('what is kept of a repository', () => {
  it('is not believed where it is damaged, whichever byte of it', async () => {
    const root = await known();
    const whole = readFileSync(index(root));
    for (const at of [0, 64, 70, Math.floor(whole.length / 2), whole.length - 2]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(index(root), damaged, { mode: 0o600 });
      expect(await filesRead(root)).toBe(5);
    }
    writeFileSync(index(root), whole.subarray(0, whole.length / 2), { mode: 0o600 });
    expect(await filesRead(root)).toBe(5);
    expect(await filesRead(root)).toBe(0);
  });

  it('is not believed of another program, in a copy of the folder, or where others may write it', async () => {
    const root = await known();
    expect(await filesRead(root, root, 'another one')).toBe(5);
    await ask(root);
    const copy = join(temporaryFolder(), 'copy');
    cpSync(root, copy, { recursive: true, preserveTimestamps: true });
    await older();
    expect(await filesRead(copy)).toBe(5);
    chmodSync(index(root), 0o666);
    expect(await filesRead(root)).toBe(5);
  });

  it('is nothing of a file that changed since the question began, or that is on another device', () => {
    const root = repository(small);
    const cache = openStatCache(root, { root, program });
    if (cache === undefined) throw new TypeError('a folder that can be written to has a cache');
    const { device, time } = cache.begun;
    const identities = [
      [device, 1, 0o100644, 1, 0, time - 1],
      [device, 2, 0o100644, 1, 0, time],
      [device + 1, 3, 0o100644, 1, 0, time - 1],
    ];
    const names = ['before', 'in the same instant', 'elsewhere'];
    cache.keep({
      folders: [folderNames('', names)],
      identities: Float64Array.from(identities.flat()),
      digests: Buffer.alloc(3 * 64, 'a'),
      isRead: () => true,
      unread: () => [],
    });
    cache.close();
    const again = openStatCache(root, { root, program });
    expect(again?.known.folders).toEqual([folderNames('', ['before'])]);
    again?.close();
  });

  it('is no input, and leaves nothing but itself', async () => {
    const root = await known({ ...small, 'image.pkr.hcl': template });
    const { outcome } = await ask(root, root, program, { inputs: { configs: ['**'] } });
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.ok && outcome.value.inputs.filter(({ name }) => name.startsWith('state/'))).toEqual([]);
    expect(readdirSync(join(root, inputsCacheFolder))).toEqual(['index']);
  });

  it('is nothing where nothing can be written: the answer is the same', async () => {
    const root = repository(small);
    const { outcome, grounds } = await ask(root, join(root, 'files/one'));
    expect(outcome).toEqual(await imageRepository(root).discover(builder(declared), {}));
    expect(grounds).toBeUndefined();
  });

  it.each(['state', inputsCacheFolder])('is nothing where %s is a link: nothing is written where it leads', async (at) => {
    const root = repository(small);
    const elsewhere = temporaryFolder();
    mkdirSync(join(elsewhere, 'inputs-cache'));
    writeFileSync(join(elsewhere, 'index'), 'precious');
    mkdirSync(dirname(join(root, at)), { recursive: true });
    symlinkSync(elsewhere, join(root, at));
    const { outcome, grounds } = await ask(root);
    expect(outcome).toEqual(await imageRepository(root).discover(builder(declared), {}));
    // Without a cache no answer is kept either.
    expect(grounds).toBeUndefined();
    expect(readdirSync(elsewhere).toSorted()).toEqual(['index', 'inputs-cache']);
    expect(readdirSync(join(elsewhere, 'inputs-cache'))).toEqual([]);
    expect(readFileSync(join(elsewhere, 'index'), 'utf8')).toBe('precious');
  });

  it('has no value that the template calls sensitive', async () => {
    const secret = 'correct horse battery staple';
    const sensitive = `variable "password" {\n  sensitive = true\n  default = "${secret}"\n}\n${template}`;
    const root = await known({ ...small, 'image.pkr.hcl': sensitive });
    const { outcome, grounds } = await ask(root);
    expect(outcome.ok && outcome.value.sensitiveValues).toEqual([secret]);
    expect(grounds?.read).toBe(0);
    expect(readFileSync(index(root)).includes(secret)).toBe(false);
  });

  it('holds for each of several that ask at once', async () => {
    const root = repository(small);
    await older();
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(root)));
    for (const { outcome } of answers) expect(outcome).toEqual(answers[0]?.outcome);
    expect(await filesRead(root)).toBe(0);
  });
});

/** What a repository of a property is changed by. */
const change = fc.oneof(
  fc.record({ do: fc.constant('write' as const), at: fc.nat(5), bytes: fc.nat(3), keepTime: fc.boolean() }),
  fc.record({ do: fc.constantFrom('mode' as const, 'remove' as const, 'link' as const), at: fc.nat(5) }),
  fc.record({ do: fc.constant('rename' as const), at: fc.nat(5), to: fc.nat(5) }),
);
const places = ['scripts/a.sh', 'scripts/b.sh', 'files/one', 'files/in/two', 'files/in/deep/three', 'image.pkr.hcl'] as const;

function apply(root: string, done: typeof change extends fc.Arbitrary<infer Change> ? Change : never): void {
  const path = places[done.at] ?? places[0];
  const file = join(root, path);
  const stands = lstatSync(file, { throwIfNoEntry: false });
  switch (done.do) {
    case 'write':
      if (stands?.isSymbolicLink() === true) rmSync(file);
      write(root, path, path === 'image.pkr.hcl' ? `${template}# ${done.bytes}\n` : String(done.bytes));
      if (done.keepTime && stands !== undefined) utimesSync(file, stands.atime, stands.mtime);
      return;
    case 'mode':
      if (stands?.isFile() === true) chmodSync(file, (stands.mode & 0o100) === 0 ? 0o755 : 0o644);
      return;
    case 'remove':
      rmSync(file, { force: true });
      return;
    case 'link':
      if (stands !== undefined) rmSync(file);
      mkdirSync(join(file, '..'), { recursive: true });
      symlinkSync(join(root, 'files/target'), file);
      return;
    case 'rename': {
      const to = join(root, places[done.to] ?? places[0]);
      mkdirSync(join(to, '..'), { recursive: true });
      if (stands !== undefined) renameSync(file, to);
    }
  }
}

describe('whatever happens to a repository', () => {
  it('the answer, and the one that was kept, are those of a question from scratch', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ change, wait: fc.boolean() }), { minLength: 1, maxLength: 8 }), async (changes) => {
        const root = repository({ ...small, 'files/target': 't', 'hybridcore.yaml': 'version: 1\n' });
        const asked = askedIn(root);
        for (const { change: next, wait } of [{ change: undefined, wait: true }, ...changes]) {
          if (next !== undefined) apply(root, next);
          if (wait) await after(8);
          const fresh = await imageRepository(root).discover(builder(declared), {});
          const kept = recallAnswer(root, asked);
          if (kept !== undefined) expect(Buffer.from(kept.text).toString()).toBe(JSON.stringify(fresh));
          const { outcome, grounds } = await ask(root);
          expect(outcome).toEqual(fresh);
          if (grounds !== undefined)
            keepAnswer(root, asked, grounds, 'version: 1\n', { text: [Buffer.from(JSON.stringify(outcome))], exitCode: 0 });
        }
        rmSync(root, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });
});

function askedIn(root: string, words: readonly string[] = ['inputs', 'image']): Asked {
  return { root, program, config: join(root, 'hybridcore.yaml'), words, name: 'image' };
}

describe('a kept answer', () => {
  const configured = { ...small, 'hybridcore.yaml': 'version: 1\n' };
  const answer = { text: [Buffer.from('the '), Buffer.from('answer\n')], exitCode: 0 };

  async function kept(): Promise<string> {
    const root = repository(configured);
    await older();
    const { grounds } = await ask(root);
    if (grounds === undefined) throw new TypeError('a folder that can be written to has a cache');
    keepAnswer(root, askedIn(root), grounds, 'version: 1\n', answer);
    return root;
  }

  it('is given again, as it was printed, to the same words', async () => {
    const root = await kept();
    const again = recallAnswer(root, askedIn(root));
    expect({ text: String(again && Buffer.from(again.text)), exitCode: again?.exitCode }).toEqual({ text: 'the answer\n', exitCode: 0 });
    expect(recallAnswer(root, askedIn(root, ['inputs', 'image', '--json']))).toBeUndefined();
    expect(recallAnswer(root, { ...askedIn(root), program: 'another one' })).toBeUndefined();
  });

  it.each<[string, (root: string) => void]>([
    ['a file has other bytes', (root) => writeFileSync(join(root, 'files/one'), '3')],
    ['a file was added', (root) => writeFileSync(join(root, 'files/in/new'), '3')],
    ['a file is gone', (root) => rmSync(join(root, 'files/one'))],
    ['the template changed', (root) => writeFileSync(join(root, 'image.pkr.hcl'), `${template}\n`)],
    ['the config changed', (root) => writeFileSync(join(root, 'hybridcore.yaml'), 'version: 2\n')],
    [
      'a folder became a link',
      (root) => {
        renameSync(join(root, 'scripts'), join(root, 'moved'));
        symlinkSync('moved', join(root, 'scripts'));
      },
    ],
    [
      'it is damaged',
      (root) =>
        writeFileSync(
          keptFile(root),
          readFileSync(keptFile(root)).map((byte, at) => (at === 300 ? byte ^ 1 : byte)),
        ),
    ],
    ['it is cut off', (root) => writeFileSync(keptFile(root), readFileSync(keptFile(root)).subarray(0, 10))],
  ])('is none where %s', async (_, happens) => {
    const root = await kept();
    expect(existsSync(keptFile(root))).toBe(true);
    happens(root);
    expect(recallAnswer(root, askedIn(root))).toBeUndefined();
  });

  it('is not kept where something changed after it was asked for', async () => {
    const root = repository(configured);
    await older();
    const { grounds } = await ask(root);
    write(root, 'files/late', 'x');
    if (grounds !== undefined) keepAnswer(root, askedIn(root), grounds, 'version: 1\n', answer);
    expect(existsSync(keptFile(root))).toBe(false);
  });

  const keptFile = (root: string) => join(root, inputsCacheFolder, 'image.answer');
});

describe('hashing many files', () => {
  /** The digests of the files; nothing for those that have to be looked at again. */
  async function hashFiles(root: string, names: readonly string[], stillBefore: number | null): Promise<(string | undefined)[]> {
    const queue = openHashQueue(root, stillBefore);
    try {
      queue.add('', names);
      const read = new Map<string, string | undefined>();
      for (const files of await queue.finish()) {
        for (const [at, name] of files.folders.flatMap((folder) => namesOf(folder)).entries()) {
          expect(read.has(name)).toBe(false);
          read.set(name, files.isRead(at) ? digestAt(files, at) : undefined);
        }
      }
      expect(read.size).toBe(names.length);
      return names.map((name) => read.get(name));
    } finally {
      queue.close();
    }
  }

  it('gives in both threads the digests that they have, and nothing for what is no plain file', async () => {
    const root = temporaryFolder();
    const contents = Array.from({ length: 2000 }, (_, at) => randomBytes(at === 7 ? 300_000 : at % 50));
    const names = contents.map((_, at) => `file-${at}`);
    for (const [at, content] of contents.entries()) writeFileSync(join(root, `file-${at}`), content);
    symlinkSync('file-1', join(root, 'link'));
    mkdirSync(join(root, 'folder'));
    await older();
    for (const stillBefore of [null, Date.now() + 60_000]) {
      const read = await hashFiles(root, [...names, 'link', 'folder', 'absent'], stillBefore);
      expect(read.slice(0, 2000)).toEqual(contents.map((content) => digestOf(content)));
      expect(read.slice(2000)).toEqual([undefined, undefined, undefined]);
    }
    expect(await hashFiles(root, ['file-1'], 0)).toEqual([undefined]);
  });

  it('leaves files to other threads that would keep this one from everything else', async () => {
    const root = temporaryFolder();
    const content = Buffer.alloc(40 * 1024 * 1024, 'large');
    writeFileSync(join(root, 'large'), content);
    writeFileSync(join(root, 'small'), 'small');
    await older();
    const read = await hashFiles(root, ['small', 'large'], null);
    expect(read).toEqual([digestOf('small'), digestOf(content)]);
  });
});
