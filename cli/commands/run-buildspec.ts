import { runBuildspec } from '../../adapters/local/buildspec-runner.ts';
import { systemClock, systemRandomness } from '../../adapters/local/system.ts';
import { createRedactor } from '../../core/scrub/redactor.ts';

/** `run-buildspec <folder>`: the body of a run of the embedded build service, in a process of its own. */
export function runBuildspecCommand(folder: string): Promise<number> {
  return runBuildspec(folder, {
    openRedaction(values) {
      const redactor = createRedactor({ values, key: systemRandomness.bytes(32) });
      // A stream each: a private key that begins on one does not end on the other.
      return () => {
        const one = redactor.forAnotherFile();
        return (line) => one.line(line);
      };
    },
    clock: systemClock,
    environment: process.env,
  });
}
