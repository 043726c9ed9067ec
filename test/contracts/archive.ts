import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Archive } from '../../core/ports.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const plenty = { entries: 1000 };
const files = [
  { path: 'a/one.json', content: bytes('{}\n') },
  { path: 'empty', content: bytes('') },
  { path: 'two.log', content: bytes('x'.repeat(1025)) },
];

/** What GNU tar packs of a folder that a shell made. */
function packed(script: string): Uint8Array {
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', `set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"; ${script}`],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

/** What every adapter of `Archive` promises. Registers its tests. */
export function archiveContract(name: string, archive: Archive): void {
  describe(`${name} keeps the contract of archives`, () => {
    it('what was packed comes out as it was, in its order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 1100 }), { maxLength: 8 }), async (contents) => {
          const some = contents.map((content, n) => ({ path: `folder-${n}/file-${n}.json`, content }));
          const found = await archive.unpack(await archive.pack(some), plenty);
          expect(found?.map(({ path, content }) => ({ path, content: [...(content ?? [])] }))).toEqual(
            some.map(({ path, content }) => ({ path, content: [...content] })),
          );
        }),
        { numRuns: 30 },
      );
    });

    it('is tar, as another program reads it: nobody owns the files, and they have no time', async () => {
      const content = await archive.pack(files);
      const listed = spawnSync('tar', ['--utc', '--numeric-owner', '-tvf', '-'], { input: content });
      expect(listed.stderr.toString()).toBe('');
      expect(listed.stdout.toString().replaceAll(/ +/g, ' ')).toBe(
        [
          '-rw-r--r-- 0/0 3 1970-01-01 00:00 a/one.json',
          '-rw-r--r-- 0/0 0 1970-01-01 00:00 empty',
          '-rw-r--r-- 0/0 1025 1970-01-01 00:00 two.log',
          '',
        ].join('\n'),
      );
      expect(spawnSync('tar', ['-xOf', '-', 'a/one.json'], { input: content }).stdout.toString()).toBe('{}\n');
    });

    it('gives equal bytes for equal files', async () => {
      const first = await archive.pack(files);
      await new Promise((later) => setTimeout(later, 1100));
      expect(Buffer.compare(await archive.pack(files), first)).toBe(0);
    });

    it('reads what another program packed, and tells what is no plain file', async () => {
      const found = await archive.unpack(
        packed('mkdir f; echo one > f/one; ln -s /etc/passwd f/link; ln f/one f/same; mkfifo f/pipe; tar -cf - f'),
        plenty,
      );
      expect(new Map(found?.map(({ path, content }) => [path, content === null ? null : new TextDecoder().decode(content)]))).toEqual(
        new Map([
          ['f/', null],
          ['f/link', null],
          ['f/pipe', null],
          // Of two names of one file the second is a link.
          ...(found?.some(({ path, content }) => path === 'f/one' && content !== null)
            ? ([
                ['f/one', 'one\n'],
                ['f/same', null],
              ] as const)
            : ([
                ['f/one', null],
                ['f/same', 'one\n'],
              ] as const)),
        ]),
      );
    });

    it('gives names as they stand there, wherever they lead', async () => {
      const found = await archive.unpack(packed("echo x > x; tar -P --transform 's,^x,../../etc/x,' -cf - x"), plenty);
      expect(found?.map(({ path }) => path)).toEqual(['../../etc/x']);
    });

    it('what is no archive is told, and so is one that was cut off or has a header changed', async () => {
      const whole = await archive.pack(files);
      expect(await archive.unpack(bytes('plain text'), plenty)).toBeUndefined();
      expect(await archive.unpack(bytes('plain text, as long as a block of an archive\n'.repeat(100)), plenty)).toBeUndefined();
      for (const length of [1, 100, 511, 512, 513, 700, 1023, 1537, 2048, 2500])
        expect(await archive.unpack(whole.subarray(0, length), plenty), `${length} bytes`).toBeUndefined();
      for (const at of [0, 10, 124, 130, 148])
        expect(
          await archive.unpack(
            Uint8Array.from(whole, (byte, n) => (n === at ? byte ^ 1 : byte)),
            plenty,
          ),
          `byte ${at}`,
        ).toBeUndefined();
    });

    it('has no more entries than are allowed', async () => {
      const content = await archive.pack(files);
      expect(await archive.unpack(content, { entries: 3 })).toHaveLength(3);
      expect(await archive.unpack(content, { entries: 2 })).toBeUndefined();
    });
  });
}
