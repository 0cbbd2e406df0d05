import type { Reporter, TestCase, TestModule } from 'vitest/node';

const TOLD = 10;

/** Tells which tests took longest, after all others have spoken. */
export class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    if (tests.length <= TOLD) return;
    const duration = (test: TestCase) => test.diagnostic()?.duration ?? 0;
    const slowest = tests.toSorted((a, b) => duration(b) - duration(a)).slice(0, TOLD);
    const lines = slowest.map((test) => `  ${(duration(test) / 1000).toFixed(1).padStart(6)} s  ${test.fullName}`);
    process.stdout.write(`\nThe slowest ${TOLD} of ${tests.length} tests:\n${lines.join('\n')}\n`);
  }
}
