import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

import { redactionRules } from '../../../core/scrub/redaction-rules.ts';

it('docs/scrubbing.md has every rule, in their order', async () => {
  const text = await readFile(new URL('../../../docs/scrubbing.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.slice(1)).toEqual(
    redactionRules.map(({ code, reason, inInputs }) => `| \`${code}\` | ${reason} | ${inInputs ? 'yes' : ''} |`),
  );
});
