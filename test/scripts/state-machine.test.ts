import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { namesOf } from '../../core/names-of.ts';
import { states } from '../../core/states.ts';
import { transitions } from '../../core/transitions.ts';
import { stateMachineDocument } from '../../scripts/state-machine.ts';

describe('docs/state-machine.md', () => {
  it('is what the transition table says', async () => {
    const file = join(import.meta.dirname, '..', '..', 'docs', 'state-machine.md');
    expect(await readFile(file, 'utf8')).toBe(stateMachineDocument());
  });

  it('shows each transition in the diagram and in the table, and each state with its exit code', () => {
    const lines = stateMachineDocument().split('\n');
    for (const { from, event, attempt, to, because } of transitions) {
      const label = attempt === undefined ? event : `${event} (attempt ${attempt})`;
      expect(lines).toContain(`  ${from} --> ${to}: ${label}`);
      expect(lines).toContain(`| \`${from}\` | ${event} | ${attempt ?? ''} | \`${to}\` | ${because} |`);
    }
    for (const name of namesOf(states)) {
      const { final, exit_code: exitCode, meaning } = states[name];
      expect(lines).toContain(`| \`${name}\` | ${final ? 'yes' : ''} | ${exitCode ?? ''} | ${meaning} |`);
      expect(lines.includes(`  ${name} --> [*]`)).toBe(final);
    }
  });
});
