import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWeb } from '../dev/build.ts';
import { describeOutcome, runCheapChecks } from './cheap-checks.ts';
import { runLimited } from './run-limited.ts';
import { countReport, type Count } from './test-report.ts';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const reports = mkdtempSync(join(tmpdir(), 'holdfast-tests-'));
const env = { ...process.env, CI: 'true', NEXT_TELEMETRY_DISABLED: '1' };
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function vitest(project: string, limitMinutes: number): Promise<Count> {
  const report = join(reports, `${project}.json`);
  const { isGood, reason } = await runLimited(
    [
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: root, limitMs: limitMinutes * 60_000, env, isLive: true },
  );
  if (!isGood) say(`the ${project} tests failed: ${reason}`);
  return countReport(report, isGood);
}

async function build(): Promise<Count> {
  const logs = join(root, 'test-results');
  mkdirSync(logs, { recursive: true });
  await buildWeb({
    root,
    env: { ...env, NODE_ENV: 'production' },
    logFile: join(logs, 'build.log'),
    say,
    signal: AbortSignal.timeout(6 * 60_000),
  });
  return { passed: 1, failed: 0, skipped: 0 };
}

async function check(): Promise<Count> {
  const outcomes = await runCheapChecks(root, (outcome) => {
    say(describeOutcome(outcome));
  });
  const passed = outcomes.filter(({ isGood }) => isGood).length;
  return { passed, failed: outcomes.length - passed, skipped: 0 };
}

const stages: readonly { name: string; run: () => Promise<Count>; isGate?: true }[] = [
  // A gate that fails spares everybody the wait for what comes after it.
  { name: 'checks', run: check, isGate: true },
  { name: 'unit', run: () => vitest('unit', 6) },
  { name: 'contract', run: () => vitest('contract', 8) },
  { name: 'integration', run: () => vitest('integration', 30) },
  { name: 'build', run: build, isGate: true },
  { name: 'e2e', run: () => vitest('e2e', 27) },
];

const total = { passed: 0, failed: 0, skipped: 0 };
let closedBy = '';
for (const { name, run, isGate } of stages) {
  if (closedBy !== '') {
    say(`== ${name}: not run, because ${closedBy} failed; counted as a failure`);
    total.failed += 1;
    continue;
  }
  say(`== ${name}`);
  const startedAt = performance.now();
  const count = await run().catch((error: unknown): Count => {
    say(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1, skipped: 0 };
  });
  say(
    `== ${name}: ${count.failed === 0 ? 'ok' : 'FAILED'} after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  );
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
  if (count.failed > 0 && isGate) closedBy = name;
}
rmSync(reports, { recursive: true, force: true });
process.exitCode = total.failed === 0 ? 0 : 1;
say(`${String(total.passed)} passed, ${String(total.failed)} failed, ${String(total.skipped)} skipped`);
