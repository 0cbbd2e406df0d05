import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The example imports meshdrop/events as a stranger does; here it is its source, so nothing has to be built before.
  resolve: { alias: { 'meshdrop/events': join(import.meta.dirname, 'functions/contract/event-reader.ts') } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    // Files run one after the other in the same few processes, so that the SDK, CDK and zod are loaded a few times and not
    // once a file. So a file leaves nothing behind: it mocks one client, never the class of all (house.test.ts looks), and
    // gives timers and variables back.
    isolate: false,
    // The longest files wait for processes of their own more than they compute.
    maxWorkers: 3,
    // Nets against a hang, no measures: machines are shared, and a busy one is no failure.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
  },
});
