import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    // The longest files wait for processes of their own more than they compute.
    maxWorkers: 3,
    // Nets against a hang, no measures: machines are shared, and a busy one is no failure.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
  },
});
