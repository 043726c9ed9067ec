import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// What whoever runs the tests has set for packer, for this program or for colours is not for the tests to meet.
for (const name of Object.keys(process.env)) {
  if (/^(?:NO_COLOR$|FORCE_COLOR$|PACKER_|PKR_VAR_|HYBRIDCORE_)/.test(name)) delete process.env[name];
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/deep/**'],
    globalSetup: ['test/require-packer.ts', 'test/bundle-programs.ts'],
    env: {
      // Packer asks HashiCorp for news otherwise, and tests need no network.
      CHECKPOINT_DISABLE: '1',
      // The CDK's own validator takes four times as long as a synthesis; `npm run synth`, which a test runs, has it.
      CDK_VALIDATION: 'false',
    },
    // More than there are cores: most tests wait for processes of their own, and two workers on two cores leave a third of them idle.
    maxWorkers: availableParallelism() * 2,
    // Modules are loaded once a worker: no test leaves anything in one that another would meet.
    isolate: false,
    // Against what hangs, not against a busy machine, on which some tests take three times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
