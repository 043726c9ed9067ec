import { AttemptReport } from '../../core/attempt-report.ts';
import { keys } from '../../core/contract/keys.ts';
import { type RunId } from '../../core/identity.ts';
import { type MemoryObjects } from './memory-objects.ts';
import { failureLogs, successLog } from './packer-plan.ts';
import { type Scheduler } from './scheduler.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Somebody who kept a run's rights beyond its end, and writes other reports and logs over what it handed over: each is what
 * an attempt could write, so nothing but its version tells it from the one that counts.
 *
 * @param delays after how many milliseconds each.
 */
export function intrude(scheduler: Scheduler, objects: MemoryObjects, run: RunId, image: string, delays: readonly number[]): void {
  const at = keys.incoming(run);
  const handed = objects.stored.get(at.report);
  if (handed === undefined) return;
  const report = AttemptReport.parse(JSON.parse(decoder.decode(handed.content)));
  if (report.packer === null) return;
  for (const [index, delay] of delays.entries()) {
    const fails = index % 2 === 0;
    const forged: AttemptReport = {
      ...report,
      packer: { exit_code: fails ? 1 : 0, signal: null },
      resolved: { ...report.resolved, packer: `9.9.${index}` },
    };
    const log = [`1795378213,,ui,say,forged ${index}`, ...(fails ? failureLogs.transient : successLog(image))];
    const write = (actor: Parameters<Scheduler['effect']>[0], key: string, text: string) =>
      scheduler.effect(actor, `write over ${key}`, async () => objects.put(key, encoder.encode(text)));
    scheduler.spawn(
      `intruder ${index} of ${run}`,
      async (actor) => {
        await write(actor, at.log, `${log.join('\n')}\n`);
        await write(actor, at.report, JSON.stringify(forged));
      },
      { from: scheduler.now + delay },
    );
  }
}
