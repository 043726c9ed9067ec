import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Control, type ControlWord } from '../../core/ports.ts';
import { type RunId } from '../../core/identity.ts';
import { runNamed } from '../fixtures/records.ts';

/** A dispatcher that has told no run anything yet. */
export interface ControlUnderTest {
  readonly control: Control;
  /** Lets the dispatcher tell a run a word. */
  tell(run: RunId, word: ControlWord): Promise<void>;
  remove(): Promise<void>;
}

const run = runNamed('arn:aws:codebuild:us-east-1:123456789012:build/debian-base:1');
/** Milliseconds in which something happens that is not waited for, on a machine that does much else. */
const promptly = 5000;

/** What every adapter of `Control` promises. Registers its tests. */
export function controlContract(name: string, make: () => Promise<ControlUnderTest>): void {
  describe(`${name} keeps the contract of the control of a run`, () => {
    let place: ControlUnderTest;
    let never: AbortSignal;
    beforeEach(async () => {
      place = await make();
      never = new AbortController().signal;
    });
    afterEach(() => place.remove());

    const waited = async (within: number, interrupt: AbortSignal) => {
      const start = performance.now();
      const go = await place.control.awaitGo(run, within, interrupt);
      return { go, milliseconds: performance.now() - start };
    };

    it('a run that was told to go goes at once, however little time there is', async () => {
      await place.tell(run, 'go');
      expect(await place.control.awaitGo(run, 0, never)).toBe(true);
      expect(await place.control.awaitGo(run, 60_000, never)).toBe(true);
    });

    it('a run that waits goes when it is told', async () => {
      const waiting = waited(60_000, never);
      await sleep(150);
      await place.tell(run, 'go');
      const { go, milliseconds } = await waiting;
      expect(go).toBe(true);
      expect(milliseconds).toBeGreaterThanOrEqual(140);
      expect(milliseconds).toBeLessThan(promptly);
    });

    it('a run that is told nothing, only to stop, or what another run is told, does not go, and waits no longer than it may', async () => {
      await place.tell(run, 'stop');
      await place.tell(runNamed(`${run}2`), 'go');
      const { go, milliseconds } = await waited(300, never);
      expect(go).toBe(false);
      expect(milliseconds).toBeGreaterThanOrEqual(290);
      expect(milliseconds).toBeLessThan(promptly);
    });

    it('a run that is interrupted while it waits does not go, and waits no longer', async () => {
      const interrupt = new AbortController();
      const waiting = waited(60_000, interrupt.signal);
      await sleep(150);
      interrupt.abort('stop');
      const { go, milliseconds } = await waiting;
      expect(go).toBe(false);
      expect(milliseconds).toBeLessThan(promptly);
    });

    it('a run that was interrupted before does not go, whatever it was told', async () => {
      await place.tell(run, 'go');
      expect(await place.control.awaitGo(run, 60_000, AbortSignal.abort('stop'))).toBe(false);
    });
  });
}
