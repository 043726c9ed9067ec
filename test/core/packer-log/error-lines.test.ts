import { describe, expect, it } from 'vitest';

import { errorLines } from '../../../core/packer-log/error-lines.ts';
import { readPackerRun } from '../../../core/packer-log/packer-run-reader.ts';
import { exitOfScript, failedTarget } from '../classification/logs.ts';

describe('the error lines for an operator', () => {
  it('are the last lines of the failed step and the final error, with the target', () => {
    expect(errorLines(readPackerRun(exitOfScript('a.b', ['about to fail']))).split('\n')).toEqual([
      'a.b: Provisioning with shell script: /tmp/packer-shell1',
      'a.b: about to fail',
      'a.b: Script exited with non-zero exit status: 1.Allowed exit codes are: [0]',
    ]);
  });

  it('are the errors of no target too', () => {
    expect(errorLines(readPackerRun(['1795378216,,ui,error,Error: Unset variable "must"\\n\\nset it']))).toBe(
      'Error: Unset variable "must"\nset it',
    );
  });

  it('are whole lines of at most 64 KiB of UTF-8, the final errors before the rest', () => {
    const wide = 'ü'.repeat(4000);
    const targets = Array.from({ length: 12 }, (_, at) =>
      failedTarget(`a.b${at}`, `final ${at} ${wide}`, [`1795380254,,ui,error,==> a.b${at}: step ${wide}`]),
    ).flat();
    const text = errorLines(readPackerRun(targets));
    const lines = text.split('\n');
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(65_536);
    expect(lines.at(-1)).toBe(`a.b11: final 11 ${wide}`);
    expect(lines.every((line) => line.endsWith('ü'))).toBe(true);
    expect(lines.filter((line) => line.includes('final')).length).toBe(lines.length);
  });

  it('are the last lines where nothing says of an error', () => {
    expect(errorLines(readPackerRun(['something', 'stops']))).toBe('something\nstops');
  });
});
