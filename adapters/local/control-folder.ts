import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { keys } from '../../core/contract/keys.ts';
import { type RunId } from '../../core/identity.ts';
import { type Control, type ControlWord } from '../../core/ports.ts';

/** How often a waiting attempt looks for the dispatcher's word. Milliseconds. */
const goPoll = 50;

/** `control/<run>/` below a home folder, as a running attempt sees it. */
export function controlFolder(home: string): Control & { isTold(run: RunId, word: ControlWord): Promise<boolean> } {
  const isTold = async (run: RunId, word: ControlWord): Promise<boolean> => {
    try {
      return (await stat(join(home, keys.control(run, word)))).isFile();
    } catch {
      return false;
    }
  };
  return {
    isTold,
    async awaitGo(run, within, interrupt) {
      for (const deadline = performance.now() + within; !interrupt.aborted; await sleep(goPoll)) {
        if (await isTold(run, 'go')) return true;
        if (performance.now() > deadline) return false;
      }
      return false;
    },
  };
}
