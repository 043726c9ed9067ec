import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keys } from '../../core/contract/keys.ts';
import { type LongObjects, type Objects } from '../../core/ports.ts';
import { buildIdOf, builderNamed, tagsWith } from '../fixtures/records.ts';
import { type ObjectsCapabilities } from './objects.ts';

/** A store of objects that is empty and belongs to one test. */
export interface LongObjectsUnderTest {
  readonly objects: Objects & LongObjects;
  remove(): Promise<void>;
}

const key = keys.log(builderNamed('debian-base'), buildIdOf(1), 1);

/** So many pieces of 64 KiB, none like another. */
async function* pieces(count: number, seed = 'x'): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n += 1) yield Buffer.alloc(65_536, createHash('sha256').update(`${seed} ${n}`).digest());
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield* pieces(3);
  throw new Error('the source failed');
}

/** What every adapter of `LongObjects` promises, beside the contract of objects. Registers its tests. */
export function longObjectsContract(
  name: string,
  make: () => Promise<LongObjectsUnderTest>,
  { versioned }: ObjectsCapabilities = { versioned: false },
): void {
  describe(`${name} keeps the contract of long objects`, () => {
    let objects: Objects & LongObjects;
    let remove: () => Promise<void>;
    beforeEach(async () => {
      const made = await make();
      objects = made.objects;
      remove = () => made.remove();
    });
    afterEach(() => remove());

    const opened = async (limit: number, version?: string) => {
      const found = await objects.open(key, version === undefined ? { bytes: limit } : { bytes: limit, version });
      return found.state === 'open' ? { ...found, content: await buffer(found.content) } : found;
    };

    it('what comes in pieces is one object with its tags, whoever reads it and how', async () => {
      const whole = await buffer(pieces(40));
      expect(await objects.createFrom(key, pieces(40), tagsWith({ retention: 'short' }))).toEqual({ state: 'created', size: whole.length });
      const read = await objects.read(key, { bytes: whole.length });
      expect(read.state === 'read' && Buffer.compare(read.content, whole) === 0).toBe(true);
      const streamed = await opened(whole.length);
      expect(streamed.state === 'open' && Buffer.compare(streamed.content, whole) === 0).toBe(true);
      expect('version' in streamed && streamed.version).toBe(read.state === 'read' && read.version);
      expect(await objects.tags(key)).toEqual(tagsWith({ retention: 'short' }));
    });

    it('it is created once: equal pieces are the same, however they are cut, and others leave it as it is', async () => {
      const whole = await buffer(pieces(5));
      await objects.createFrom(key, pieces(5), tagsWith({ retention: 'short' }));
      const asOne = async function* () {
        yield whole;
      };
      expect(await objects.createFrom(key, asOne(), tagsWith())).toEqual({ state: 'same', size: whole.length });
      expect(await objects.create(key, whole, tagsWith())).toBe('same');
      expect(await objects.createFrom(key, pieces(5, 'y'), tagsWith())).toEqual({ state: 'different', size: whole.length });
      expect(await objects.createFrom(key, pieces(6), tagsWith())).toMatchObject({ state: 'different' });
      expect(await objects.createFrom(key, pieces(0), tagsWith())).toEqual({ state: 'different', size: 0 });
      const read = await objects.read(key, { bytes: whole.length });
      expect(read.state === 'read' && Buffer.compare(read.content, whole) === 0).toBe(true);
      expect(await objects.tags(key)).toEqual(tagsWith({ retention: 'short' }));
    });

    it('one of no bytes is an object, too', async () => {
      expect(await objects.createFrom(key, pieces(0), tagsWith())).toEqual({ state: 'created', size: 0 });
      expect(await opened(0)).toMatchObject({ state: 'open', content: Buffer.alloc(0) });
    });

    it('of pieces that break off nothing is left', async () => {
      await expect(objects.createFrom(key, broken(), tagsWith())).rejects.toThrow('the source failed');
      expect(await opened(10)).toEqual({ state: 'absent' });
      expect(await objects.list('', { limit: 10 })).toEqual({ items: [] });
      expect(await objects.tags(key)).toBeUndefined();
    });

    it('one that is larger than its reader allows is not opened', async () => {
      await objects.createFrom(key, pieces(1), tagsWith());
      expect(await opened(65_535)).toEqual({ state: 'too-large', size: 65_536 });
    });

    it('a reader that stops reading does no harm', async () => {
      await objects.createFrom(key, pieces(30), tagsWith());
      const found = await objects.open(key, { bytes: 10_000_000 });
      let first: Uint8Array | undefined;
      for await (const piece of found.state === 'open' ? found.content : []) {
        first = piece;
        break;
      }
      expect(first).toBeDefined();
      expect(await opened(10_000_000)).toMatchObject({ state: 'open' });
    });

    it(versioned ? 'what an earlier read gave can be opened by its version' : 'there are no versions to open', async () => {
      await objects.createFrom(key, pieces(2), tagsWith());
      const { version } = { version: null, ...(await opened(1_000_000)) };
      expect(await opened(1_000_000, version ?? 'none')).toMatchObject({ state: versioned ? 'open' : 'absent' });
      if (versioned) expect(await opened(1_000_000, 'another')).toEqual({ state: 'absent' });
    });
  });
}
