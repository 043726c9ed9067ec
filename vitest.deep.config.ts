import { defineConfig } from 'vitest/config';

import quick from './vitest.config.ts';

/** `npm run test:deep`: the tests that take minutes. One file after another, since each of them fills the machine by itself. */
export default defineConfig({
  test: {
    ...quick.test,
    include: ['test/deep/**/*.test.ts'],
    exclude: [],
    fileParallelism: false,
    // Some hold the memory of a process to a bound.
    isolate: true,
    testTimeout: 20 * 60_000,
    hookTimeout: 20 * 60_000,
  },
});
