import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { Slowest } from './test/slowest.ts';

/** The same promises, tried with more cases than one waits for at each change. */
const slow = [
  'test/simulation/{faults,crash-everywhere,upgrade,alarms,trouble}.test.ts',
  'test/functions/store-assets/hostile.test.ts',
  'test/package/package.test.ts',
];

/** The whole product on virtual time, and the model of how it pays. */
const simulation = ['test/simulation/**/*.test.ts', 'test/model/**/*.test.ts'];

/** They start `npm start`, other commands or a bundler, and wait for them. */
const processes = [
  'test/local/cli/start-*.test.ts',
  'test/operator/commands.test.ts',
  'test/docs/bench-command.test.ts',
  'test/examples/consumer-local-run.test.ts',
  'test/infra/{bundles,elsewhere}.test.ts',
  'test/aws/**/*.test.ts',
];

/** Each makes the renditions of a model in a process of its own. */
const renditions = ['test/renditions/**/*.test.ts'];

/** It needs the registry of npm. */
const registry = ['test/package/registry.test.ts'];

/** They use a browser. `npm test` has one of them, and `npm run test:page` all. */
const page = ['test/page/**/*.test.ts'];
const firstOfPage = ['test/page/first-model.test.ts'];

export default defineConfig({
  // The example imports meshdrop/events as a stranger does; here that is its source, so nothing has to be built first.
  resolve: { alias: { 'meshdrop/events': join(import.meta.dirname, 'functions/contract/event-reader.ts') } },
  test: {
    globalSetup: ['test/setup.ts'],
    reporters: ['default', new Slowest()],
    // Files run one after the other in the same few processes, so that the SDK, CDK and zod are loaded a few times and not
    // once for each file. So a file leaves nothing behind: it mocks one client, never the class of all (house.test.ts
    // checks that), and restores timers and variables.
    isolate: false,
    // The longest files wait for their own processes more than they compute.
    maxWorkers: 3,
    // Nets against a hang, not measurements: machines are shared, and a busy one is not a failure.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'spec',
          include: ['test/**/*.test.ts'],
          exclude: [...slow, ...simulation, ...processes, ...page, ...renditions, ...registry],
        },
      },
      { extends: true, test: { name: 'simulation', include: simulation, exclude: slow } },
      { extends: true, test: { name: 'processes', include: [...processes, ...firstOfPage] } },
      { extends: true, test: { name: 'slow', include: slow } },
      {
        extends: true,
        test: { name: 'renditions', include: renditions, maxConcurrency: 2, testTimeout: 400_000 },
      },
      { extends: true, test: { name: 'package', include: registry, testTimeout: 400_000, hookTimeout: 300_000 } },
      // A browser without a graphics card, beside the functions' own processes, takes its time.
      {
        extends: true,
        test: {
          name: 'page',
          include: page,
          fileParallelism: false,
          // What is broken fails twice. A machine that was busy once does not.
          retry: 1,
          testTimeout: 400_000,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 180_000 } },
        },
      },
    ],
  },
});
