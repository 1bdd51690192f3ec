import { defineConfig } from 'vitest/config';

const project = (name: string, more: object = {}) => ({
  extends: true as const,
  test: { name, include: [`tests/${name}/**/*.test.ts`], ...more },
});

export default defineConfig({
  test: {
    // A test that waits for a slow machine must not hang the run.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    projects: [
      project('unit'),
      project('contract', { testTimeout: 120_000, maxWorkers: 2 }),
      project('integration', { testTimeout: 120_000, maxWorkers: 2 }),
      project('e2e', { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false }),
    ],
  },
});
