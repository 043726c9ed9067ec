import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RunProcesses } from '../../../adapters/local/build-service-processes.ts';
import { type ProcessIdentity, identifyProcess, isAlive } from '../../../adapters/local/process-identity.ts';

describe('the processes of a run', () => {
  let leader: ChildProcess;
  let identity: ProcessIdentity;
  beforeEach(async () => {
    // A name that would confuse a reader of /proc/<pid>/stat who does not look for the last bracket.
    leader = spawn('sh', ['-c', 'sleep 100 & wait'], { argv0: 'a) Z 1', detached: true, stdio: 'ignore' });
    await once(leader, 'spawn');
    const found = identifyProcess(leader.pid ?? 0);
    if (found === undefined) throw new Error('the process is not found');
    identity = found;
  });
  afterEach(() => new RunProcesses([identity]).kill());

  it('are found by their leader', () => {
    expect(new RunProcesses([identity]).members().map((entry) => entry.pid)).toContain(leader.pid);
  });

  it('are never taken for those of an earlier process with the same number, nor of an earlier boot', async () => {
    for (const other of [
      { ...identity, started: '1' },
      { ...identity, boot: 'an earlier one' },
    ]) {
      expect(isAlive(other)).toBe(false);
      expect(new RunProcesses([other]).members()).toStrictEqual([]);
      expect(await new RunProcesses([other]).end(0)).toStrictEqual([]);
    }
    expect(new RunProcesses([], [{ pid: identity.pid, started: '1' }]).members()).toStrictEqual([]);
    expect(isAlive(identity)).toBe(true);
  });

  it('are ended, those too that were only seen by another observer', async () => {
    expect(await new RunProcesses([], [identity]).end(1000)).toStrictEqual([]);
    expect(isAlive(identity)).toBe(false);
  });

  it('do not count once they have ended, though nobody has collected them yet', () => {
    leader.kill('SIGKILL');
    // No turn of the event loop in between, so Node cannot have collected it: what is left is a zombie.
    const deadline = Date.now() + 5_000;
    while (isAlive(identity) && Date.now() < deadline);
    expect(isAlive(identity)).toBe(false);
  });
});
