import { describe, expect, it } from 'vitest';

import { runChecks } from '../../scripts/check.ts';

const node = process.execPath;

describe('running checks', () => {
  it('tells each with its name and time, and all that a failed one said', async () => {
    const printed: string[] = [];
    const passed = await runChecks(
      [
        { name: 'good', command: [node, '-e', 'console.log("not to be seen")'] },
        { name: 'bad', command: [node, '-e', 'console.log("on stdout"); console.error("on stderr"); process.exitCode = 7'] },
      ],
      (text) => printed.push(text),
    );
    expect(passed).toBe(false);
    expect(printed.join('\n')).toMatch(/^ok {5}good +\d+\.\d s$/m);
    expect(printed.join('\n')).toMatch(/^FAILED bad +\d+\.\d s\n(?:on stdout\non stderr|on stderr\non stdout)\n/m);
    expect(printed.join('\n')).not.toContain('not to be seen');
  });

  it('passes where each check does', async () => {
    expect(await runChecks([{ name: 'good', command: [node, '-e', '0'] }], () => undefined)).toBe(true);
  });

  it.each([
    ['cannot be started', ['no-such-program'] as const, 'no-such-program could not be started'],
    ['is ended by a signal', [node, '-e', 'process.kill(process.pid, "SIGKILL")'] as const, 'was ended by SIGKILL'],
  ])('fails where a program %s', async (_, command, said) => {
    const printed: string[] = [];
    expect(await runChecks([{ name: 'dead', command }], (text) => printed.push(text))).toBe(false);
    expect(printed.join('\n')).toContain(said);
  });
});
