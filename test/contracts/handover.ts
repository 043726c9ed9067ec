import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keys } from '../../core/contract/keys.ts';
import { type RunId } from '../../core/identity.ts';
import { type Handover } from '../../core/ports.ts';
import { runNamed } from '../fixtures/records.ts';

/** A place that nothing was handed over to yet. */
export interface HandoverUnderTest {
  /** The side of a run. */
  of(run: RunId): Handover;
  /** What stands under a key, as who completes the build would find it; undefined where nothing does. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Every key that something stands under. */
  keys(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

const arn = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/debian-base:1');
const longer = runNamed(`${arn}2`);

/** What every adapter of `Handover` promises. Registers its tests. */
export function handoverContract(name: string, make: () => Promise<HandoverUnderTest>): void {
  describe(`${name} keeps the contract of the handover`, () => {
    let place: HandoverUnderTest;
    let handover: Handover;
    const at = keys.incoming(arn);
    beforeEach(async () => {
      place = await make();
      handover = place.of(arn);
    });
    afterEach(() => place.remove());

    const text = async (key: string) => {
      const content = await place.read(key);
      return content === undefined ? undefined : new TextDecoder().decode(content);
    };
    const logText = async () => {
      const content = await place.read(at.log);
      return content === undefined ? undefined : gunzipSync(content).toString();
    };

    it('a text stands under its key as it was put, and another one takes its place', async () => {
      await handover.put(at.report, '{"quotes":"é 🦀 \u0000"}\n');
      await handover.put(at.scrubManifest, '');
      expect(await text(at.report)).toBe('{"quotes":"é 🦀 \u0000"}\n');
      expect(await text(at.scrubManifest)).toBe('');
      await handover.put(at.report, 'short');
      expect(await text(at.report)).toBe('short');
      expect(await place.keys()).toEqual([at.report, at.scrubManifest]);
    });

    it('a text is there whole or not at all, while it is put and while another one takes its place', async () => {
      const texts = ['a', 'b'].map((letter, n) => letter.repeat(2_000_000 + n * 500_000));
      const seen = new Set<string>();
      let putting = true;
      const puts = (async () => {
        for (let n = 0; n < 12; n += 1) await handover.put(at.report, texts[n % 2] ?? '');
        putting = false;
      })();
      while (putting) {
        const found = await text(at.report);
        seen.add(found === undefined || texts.includes(found) ? 'whole or none' : `${found.length} characters`);
        for (const key of await place.keys()) seen.add(key);
      }
      await puts;
      expect([...seen].sort()).toEqual([at.report, 'whole or none']);
    });

    it('a log shows under its key when it is closed, not before, and holds the lines that were written', async () => {
      const log = await handover.openLog(arn);
      const lines = [
        'first',
        '',
        '  spaces  ',
        'é 🦀 \u001b[31m',
        'x'.repeat(1_000_000),
        ...Array.from({ length: 20_000 }, (_, n) => `line ${n}`),
        '',
      ];
      for (const line of lines) await log.write(`${line}\n`);
      expect(await place.read(at.log)).toBeUndefined();
      await handover.put(at.report, 'a report');
      expect(await place.keys()).toEqual([at.report]);
      await log.close();
      expect(await logText()).toBe(lines.map((line) => `${line}\n`).join(''));
      expect(await place.keys()).toEqual([at.log, at.report]);
    });

    it('a log that comes faster than it can be written tells its writer to wait, and so piles up nowhere', async () => {
      const log = await handover.openLog(arn);
      let waits = 0;
      const piece = 'y'.repeat(100_000);
      for (let n = 0; n < 100; n += 1) {
        const taken = log.write(piece);
        if (taken !== undefined) waits += 1;
        await taken;
      }
      await log.close();
      expect(waits).toBeGreaterThan(10);
      expect(await logText()).toBe(piece.repeat(100));
    });

    it('a log without a line is an empty one', async () => {
      await (await handover.openLog(arn)).close();
      expect(await logText()).toBe('');
    });

    it('of a log that is never closed nothing shows, and a later one of the run holds its own lines alone', async () => {
      const left = await handover.openLog(arn);
      for (let n = 0; n < 10_000; n += 1) await left.write(`left ${n} ${Math.sin(n)}\n`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await place.keys()).toEqual([]);
      const later = await place.of(arn).openLog(arn);
      await later.write('later\n');
      await later.close();
      expect(await logText()).toBe('later\n');
    });

    it('nothing is handed over outside of the run, whatever a key looks like', async () => {
      const outside = [
        '',
        '/',
        'report.json',
        '/incoming/report.json',
        'incoming/report.json',
        `incoming/${arn}`,
        `incoming/${arn}/`,
        `incoming/${arn}/../report.json`,
        `incoming/${arn}/../../artifacts/x.hash.json`,
        `incoming/${arn}/./report.json`,
        `incoming/${arn}//report.json`,
        `incoming/${arn}/a\u0000b`,
        `incoming/${arn}/.hidden`,
        `./${at.report}`,
        `../incoming/${arn}/report.json`,
        keys.incoming(longer).report,
        keys.control(arn, 'go'),
        'artifacts/debian-base.hash.json',
        'state/hybridcore.db',
        'state/packer/logs/debian-base.json',
      ];
      for (const key of outside) await expect(handover.put(key, 'x'), JSON.stringify(key)).rejects.toThrow(TypeError);
      await expect(handover.openLog(longer)).rejects.toThrow(TypeError);
      expect(await place.keys()).toEqual([]);
    });
  });
}
