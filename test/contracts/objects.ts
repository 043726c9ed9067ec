import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keys } from '../../core/contract/keys.ts';
import { type Objects, type Page } from '../../core/ports.ts';
import { buildIdOf, builderNamed, runNamed, tagsWith } from '../fixtures/records.ts';

/** A store of objects that is empty and belongs to one test. */
export interface ObjectsUnderTest {
  /** Another client of the same store, as another process would have it. */
  open(): Promise<Objects>;
  remove(): Promise<void>;
}

/** What only some stores of objects can do. */
export interface ObjectsCapabilities {
  /** Every write of a key makes a version, and what it replaced can still be read by its own. */
  readonly versioned: boolean;
}

const key = keys.result(builderNamed('debian-base'), buildIdOf(1));
const bytes = (text: string) => new TextEncoder().encode(text);

/** What every adapter of `Objects` promises. Registers its tests. */
export function objectsContract(
  name: string,
  make: () => Promise<ObjectsUnderTest>,
  { versioned }: ObjectsCapabilities = { versioned: false },
): void {
  describe(`${name} keeps the contract of objects`, () => {
    let store: ObjectsUnderTest;
    let objects: Objects;
    beforeEach(async () => {
      store = await make();
      objects = await store.open();
    });
    afterEach(() => store.remove());

    const text = async (at: string) => {
      const read = await objects.read(at, { bytes: 1_000_000 });
      return read.state === 'read' ? new TextDecoder().decode(read.content) : read.state;
    };
    const readUpTo = async (at: string, limit: number) => {
      const read = await objects.read(at, { bytes: limit });
      return read.state === 'read' ? { ...read, content: new TextDecoder().decode(read.content) } : read;
    };
    const versionOf = async (at: string) => {
      const read = await objects.read(at, { bytes: 1_000_000 });
      if (read.state !== 'read') throw new Error(`${at} is ${read.state}`);
      return read.version;
    };
    const put = async (...wanted: readonly string[]) => {
      for (const at of wanted) expect(await objects.create(at, bytes(at), tagsWith())).toBe('created');
    };

    it('what is not there is absent and has no tags', async () => {
      expect(await objects.read(key, { bytes: 10 })).toEqual({ state: 'absent' });
      expect(await objects.tags(key)).toBeUndefined();
      expect(await objects.list('', { limit: 1000 })).toEqual({ items: [] });
    });

    it('an object is created once with its tags, and never overwritten by create', async () => {
      expect(await objects.create(key, bytes('one'), tagsWith({ retention: 'short' }))).toBe('created');
      expect(await objects.create(key, bytes('one'), tagsWith({ retention: 'evidence' }))).toBe('same');
      expect(await objects.create(key, bytes('two'), tagsWith({ retention: 'evidence' }))).toBe('different');
      expect(await objects.create(key, bytes('one and more'), tagsWith({ retention: 'evidence' }))).toBe('different');
      expect(await objects.create(key, bytes(''), tagsWith({ retention: 'evidence' }))).toBe('different');
      const other = await store.open();
      expect(await text(key)).toBe('one');
      expect(await other.tags(key)).toEqual(tagsWith({ retention: 'short' }));
    });

    it('of many racing creators one wins, with its bytes and its tags', async () => {
      const clients = await Promise.all([store.open(), store.open()]);
      const answers = await Promise.all(
        Array.from({ length: 12 }, async (_, n) =>
          clients[n % 2]?.create(key, bytes(`writer ${n}`), tagsWith({ retention: `class-${n}` })),
        ),
      );
      expect(answers.filter((answer) => answer === 'different')).toHaveLength(11);
      const winner = answers.indexOf('created');
      expect(await text(key)).toBe(`writer ${winner}`);
      expect(await objects.tags(key)).toEqual(tagsWith({ retention: `class-${winner}` }));
    });

    it('racing creators of equal bytes: one creates, and the others find the same', async () => {
      const clients = await Promise.all([store.open(), store.open()]);
      const answers = await Promise.all(Array.from({ length: 8 }, async (_, n) => clients[n % 2]?.create(key, bytes('equal'), tagsWith())));
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'same')).toHaveLength(7);
      expect(await objects.tags(key)).toEqual(tagsWith());
    });

    it('replace puts bytes and tags in the place of those that its caller knows, and of no others', async () => {
      const pointer = keys.newestSummary(builderNamed('debian-base'));
      const [first, second] = [bytes('a longer first text'), bytes('second')];
      expect(await objects.replace(pointer, first, tagsWith({ build: buildIdOf(1) }), second)).toBe('changed');
      expect(await text(pointer)).toBe('absent');
      expect(await objects.replace(pointer, first, tagsWith({ build: buildIdOf(1) }), null)).toBe('replaced');
      expect(await objects.replace(pointer, second, tagsWith({ build: buildIdOf(2), retention: 'short' }), null)).toBe('changed');
      expect(await objects.replace(pointer, second, tagsWith({ build: buildIdOf(2), retention: 'short' }), second)).toBe('changed');
      expect(await text(pointer)).toBe('a longer first text');
      expect(await objects.tags(pointer)).toEqual(tagsWith({ build: buildIdOf(1) }));
      expect(await objects.replace(pointer, second, tagsWith({ build: buildIdOf(2), retention: 'short' }), first)).toBe('replaced');
      expect(await text(pointer)).toBe('second');
      expect(await objects.tags(pointer)).toEqual(tagsWith({ build: buildIdOf(2), retention: 'short' }));
      expect(await objects.list('', { limit: 10 })).toEqual({ items: [pointer] });
    });

    it('of racing replaces of the same bytes one takes place, and its tags are those of the bytes that stand', async () => {
      const clients = await Promise.all([store.open(), store.open()]);
      await objects.replace(key, bytes('before'), tagsWith(), null);
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, n) =>
          clients[n % 2]?.replace(key, bytes(`class-${n}`), tagsWith({ retention: `class-${n}` }), bytes('before')),
        ),
      );
      expect(answers.filter((answer) => answer === 'replaced')).toHaveLength(1);
      expect(await text(key)).toBe(`class-${answers.indexOf('replaced')}`);
      expect(await objects.tags(key)).toEqual(tagsWith({ retention: await text(key) }));
    });

    it('who reads while an object is replaced finds the old bytes or the new ones', async () => {
      const letters = ['a', 'b'].map((letter, n) => Buffer.alloc(150_000 + n * 100_000, letter));
      let standing: Uint8Array | null = null;
      const next = async (n: number) => {
        const letter = letters[n % 2] ?? bytes('');
        expect(await objects.replace(key, letter, tagsWith(), standing)).toBe('replaced');
        standing = letter;
      };
      await next(0);
      const reader = await store.open();
      const seen = new Set<string>();
      let writing = true;
      const writes = (async () => {
        for (let n = 1; n <= 20; n += 1) await next(n);
        writing = false;
      })();
      while (writing) {
        const read = await reader.read(key, { bytes: 1_000_000 });
        const known = read.state === 'read' ? letters.find((whole) => whole.equals(read.content)) : undefined;
        seen.add(known === undefined ? `a partial object: ${read.state}` : 'whole');
      }
      await writes;
      expect([...seen]).toEqual(['whole']);
    });

    it('a read gives as many bytes as its reader allows and no more', async () => {
      await objects.create(key, bytes('12345'), tagsWith());
      const version = versioned ? expect.stringMatching(/./) : null;
      expect(await readUpTo(key, 5)).toEqual({ state: 'read', content: '12345', version });
      expect(await readUpTo(key, 4)).toEqual({ state: 'too-large', size: 5 });
      expect(await readUpTo(key, 0)).toEqual({ state: 'too-large', size: 5 });
      const empty = keys.result(builderNamed('debian-base'), buildIdOf(2));
      await objects.create(empty, bytes(''), tagsWith());
      expect(await readUpTo(empty, 0)).toEqual({ state: 'read', content: '', version });
      for (const limit of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
        await expect(objects.read(key, { bytes: limit })).rejects.toThrow(RangeError);
    });

    if (versioned) {
      const known = async (at: string) => {
        const version = await versionOf(at);
        if (version === null) throw new Error(`a read of ${at} gives no version`);
        return version;
      };
      const textAt = async (version: string, limit = 1_000_000) => {
        const read = await (await store.open()).read(key, { bytes: limit, version });
        return read.state === 'read' ? [new TextDecoder().decode(read.content), read.version] : [read.state];
      };

      it('a version gives the bytes that were read with it, whatever is written there later', async () => {
        await objects.replace(key, bytes('first'), tagsWith(), null);
        const first = await known(key);
        expect(await known(key)).toBe(first);
        await objects.replace(key, bytes('second'), tagsWith(), bytes('first'));
        const second = await known(key);
        await objects.replace(key, bytes('first'), tagsWith(), bytes('second'));
        expect(new Set([first, second, await known(key)]).size).toBe(3);
        expect([await textAt(first), await textAt(second)]).toEqual([
          ['first', first],
          ['second', second],
        ]);
        expect(await text(key)).toBe('first');
      });

      it('a version is read up to the limit, too', async () => {
        await objects.replace(key, bytes('a longer one'), tagsWith(), null);
        const version = await known(key);
        await objects.replace(key, bytes('short'), tagsWith(), bytes('a longer one'));
        expect(await textAt(version, 5)).toEqual(['too-large']);
      });

      it('a version that never was, or is of another key, is absent', async () => {
        const other = keys.result(builderNamed('debian-base'), buildIdOf(2));
        await put(key, other);
        expect(await textAt(await known(other))).toEqual(['absent']);
        for (const version of ['never-was', 'null', '', 'x'.repeat(1024)]) expect(await textAt(version), version).toEqual(['absent']);
        expect(
          await objects.read(keys.result(builderNamed('debian-base'), buildIdOf(3)), { bytes: 10, version: await known(key) }),
        ).toEqual({
          state: 'absent',
        });
      });
    } else {
      it('a read gives no version, and none is there to be asked for', async () => {
        await put(key);
        expect(await versionOf(key)).toBeNull();
        expect(await objects.read(key, { bytes: 1_000_000, version: 'any' })).toEqual({ state: 'absent' });
      });
    }

    it('large objects of any bytes come back as they were', async () => {
      const content = Uint8Array.from({ length: 300_001 }, (_, n) => (n * 31) % 256);
      await objects.create(key, content, tagsWith());
      const read = await objects.read(key, { bytes: 300_001 });
      expect(read.state === 'read' && Buffer.compare(read.content, content)).toBe(0);
    });

    it('what is no key is refused whatever is asked of it', async () => {
      const refused = [
        '',
        '/',
        'artifacts',
        'artifacts/',
        '/artifacts/a',
        'artifacts//a',
        'artifacts/a/',
        'artifacts/../state/hybridcore.db',
        'artifacts/./a',
        'artifacts/..',
        'state/hybridcore.db',
        'state/build-service/x',
        'elsewhere/a',
        'Artifacts/a',
        'artifacts/a\u0000b',
        'artifacts/a\nb',
        'artifacts/a\\b',
        'artifacts/\u202eb',
        'artifacts/.hidden',
        `artifacts/${'a'.repeat(256)}`,
        `artifacts/${'a/'.repeat(600)}a`,
      ];
      for (const wrong of refused) {
        await expect(objects.create(wrong, bytes('x'), tagsWith()), wrong).rejects.toThrow(TypeError);
        await expect(objects.replace(wrong, bytes('x'), tagsWith(), null), wrong).rejects.toThrow(TypeError);
        await expect(objects.read(wrong, { bytes: 10 }), wrong).rejects.toThrow(TypeError);
        await expect(objects.tags(wrong), wrong).rejects.toThrow(TypeError);
      }
      expect(await objects.list('', { limit: 10 })).toEqual({ items: [] });
    });

    it('a prefix lists the keys that begin with it, also from the middle of a name', async () => {
      await put(
        'artifacts/a.hash.json',
        'artifacts/a/1.hash.json',
        'artifacts/ab/1.hash.json',
        'diag/a/1.tar.gz',
        'state/packer/logs/a.json',
      );
      const listed = async (prefix: string) => (await objects.list(prefix, { limit: 1000 })).items;
      expect(await listed('artifacts/a')).toEqual(['artifacts/a.hash.json', 'artifacts/a/1.hash.json', 'artifacts/ab/1.hash.json']);
      expect(await listed('artifacts/a/')).toEqual(['artifacts/a/1.hash.json']);
      expect(await listed('di')).toEqual(['diag/a/1.tar.gz']);
      expect(await listed('state/packer/logs/a.json')).toEqual(['state/packer/logs/a.json']);
      expect(await listed('state/packer/logs/a.json/')).toEqual([]);
      expect(await listed('../')).toEqual([]);
      expect(await listed('')).toHaveLength(5);
    });

    it('pages neither repeat nor lose a key while keys are added', async () => {
      await put('artifacts/b/2', 'artifacts/d/1', 'artifacts/b/1', 'artifacts/c');
      const first = await objects.list('artifacts/', { limit: 2 });
      await put('artifacts/a/9', 'artifacts/c0');
      const second = await objects.list('artifacts/', { limit: 2, ...cursorOf(first) });
      const third = await objects.list('artifacts/', { limit: 2, ...cursorOf(second) });
      expect([first, second, third].map((page) => page.items)).toEqual([
        ['artifacts/b/1', 'artifacts/b/2'],
        ['artifacts/c', 'artifacts/c0'],
        ['artifacts/d/1'],
      ]);
      expect(third.cursor).toBeUndefined();
    });

    it('whatever the keys and the size of a page, all keys come in the order of code units', async () => {
      const segment = fc.constantFrom('a', 'B', 'a-b', 'a_', 'a0', 'arn:x', 'Z.y');
      const below = fc
        .tuple(fc.constantFrom('artifacts/', 'incoming/', 'state/packer/'), fc.array(segment, { maxLength: 2 }), segment)
        .map(([root, folders, last]) => `${root}${[...folders, `${last}.json`].join('/')}`);
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(below, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 4 }), async (wanted, limit) => {
          const own = await make();
          try {
            const fresh = await own.open();
            for (const at of wanted) await fresh.create(at, bytes(at), tagsWith());
            const listed: string[] = [];
            for (let page = await fresh.list('', { limit }); ; page = await fresh.list('', { limit, ...cursorOf(page) })) {
              listed.push(...page.items);
              if (page.cursor === undefined) break;
            }
            expect(listed).toEqual([...wanted].sort((a, b) => (a < b ? -1 : 1)));
          } finally {
            await own.remove();
          }
        }),
        { numRuns: 12 },
      );
    });

    it('a limit that is none, and a cursor that this listing did not give, are refused', async () => {
      await put('artifacts/a', 'artifacts/b');
      for (const limit of [0, -1, 1001, 1.5, Number.NaN]) await expect(objects.list('', { limit })).rejects.toThrow(RangeError);
      const first = await objects.list('artifacts/', { limit: 1 });
      for (const cursor of ['', '!!!', 'bnVsbA', 'W10', first.cursor ?? ''])
        await expect(objects.list('diag/', { limit: 1, cursor })).rejects.toMatchObject({ failure: { rule: 'REQUEST_INVALID' } });
    });

    it('removing a run removes what it handed over and was told, and nothing of a run with a longer id', async () => {
      const arn = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/debian-base:1');
      const longer = runNamed(`${arn}2`);
      await put(keys.incoming(arn).report, keys.incoming(arn).log, keys.incoming(longer).report, key);
      await objects.tell(arn, 'stop', 'enough');
      await objects.removeRun(arn);
      await objects.removeRun(arn);
      await objects.removeRun(runNamed('never-was'));
      expect((await objects.list('', { limit: 10 })).items).toEqual([keys.incoming(longer).report, key]);
      expect(await objects.tags(keys.incoming(arn).report)).toBeUndefined();
      expect(await objects.tags(keys.incoming(longer).report)).toEqual(tagsWith());
    });

    it('of many clients that tell a run the same word at once one is heard, and what it said never changes', async () => {
      const clients = await Promise.all([store.open(), store.open()]);
      const reader = await store.open();
      for (let n = 0; n < 10; n += 1) {
        const control = keys.control(runNamed(`local:build/${n}`), 'stop');
        const heard = async () => {
          const read = await reader.read(control, { bytes: 1000 });
          return read.state === 'read' ? new TextDecoder().decode(read.content) : read.state;
        };
        const telling = Array.from({ length: 8 }, async (_, each) => {
          await clients[each % 2]?.tell(runNamed(`local:build/${n}`), 'stop', `reason ${each}`);
          return heard();
        });
        const said = new Set([...(await Promise.all(telling)), await heard()]);
        expect([...said], 'whoever has told it finds the same').toHaveLength(1);
        expect([...said][0]).toContain('reason');
      }
    });

    it('a run is told each word once, and the first reason stands', async () => {
      const run = runNamed('local:build/1');
      expect(await text(keys.control(run, 'go'))).toBe('absent');
      await objects.tell(run, 'stop', 'an operator\n"asked"');
      await objects.tell(run, 'stop', 'another one');
      expect(JSON.parse(await text(keys.control(run, 'stop')))).toEqual({ reason: 'an operator\n"asked"' });
      expect(await text(keys.control(run, 'go'))).toBe('absent');
      await objects.tell(run, 'go', 'it is the attempt');
      expect(JSON.parse(await text(keys.control(run, 'go')))).toEqual({ reason: 'it is the attempt' });
    });
  });
}

function cursorOf<T>(page: Page<T>): { readonly cursor: string } {
  if (page.cursor === undefined) throw new Error('the page has no cursor though there is more');
  return { cursor: page.cursor };
}
