import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeOutcome, runCheapChecks } from './cheap-checks.ts';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const outcomes = await runCheapChecks(root, (outcome) => {
  process.stdout.write(`${describeOutcome(outcome)}\n`);
});
const failed = outcomes.filter(({ isGood }) => !isGood).length;
process.stdout.write(`${String(outcomes.length - failed)} passed, ${String(failed)} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
