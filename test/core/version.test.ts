import { expect, it } from 'vitest';

import { version } from '../../core/version.ts';
import packageFile from '../../package.json' with { type: 'json' };

it('the version of the program is that of its package', () => {
  expect(version).toBe(packageFile.version);
});
