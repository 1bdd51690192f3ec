import { adapters } from './adapters.ts';
import { errorTexts } from './error-texts.ts';
import { migrations } from './migrations.ts';
import { names } from './names.ts';
import { privatePlaces } from './private-places.ts';
import { runLimited } from './run-limited.ts';
import { skips } from './skips.ts';
import type { Check } from './source-files.ts';

export interface CheckOutcome {
  readonly name: string;
  readonly isGood: boolean;
  /** What to mend; '' when good. */
  readonly report: string;
  readonly seconds: number;
}

interface NamedCheck {
  readonly name: string;
  run(root: string): Promise<{ readonly isGood: boolean; readonly report: string }>;
}

const tool = (name: string, remedy: string, ...commands: readonly (readonly string[])[]): NamedCheck => ({
  name,
  run: async (root) => {
    for (const command of commands) {
      const result = await runLimited(command, { cwd: root, limitMs: 480_000 });
      if (!result.isGood)
        return { isGood: false, report: `${result.output.trim()}\n(${result.reason}) ${remedy}` };
    }
    return { isGood: true, report: '' };
  },
});
const structure = (name: string, check: Check): NamedCheck => ({
  name,
  run: async (root) => {
    const complaints = await check(root);
    return { isGood: complaints.length === 0, report: complaints.join('\n') };
  },
});

const ours = [
  'app',
  'components',
  'db',
  'lib',
  'worker',
  'scripts',
  'bench',
  'tests',
  'proxy.ts',
  'instrumentation.ts',
];
/** The slow ones first, so that two at a time finish soonest. */
const checks: readonly NamedCheck[] = [
  tool('lint', 'Mend what ESLint names.', ['eslint', '.', '--max-warnings', '0']),
  // The types of routes and of next-env.d.ts are generated, and no clone has them.
  tool('types', 'Mend what tsc names.', ['next', 'typegen'], ['tsc', '--noEmit']),
  tool('boundaries', 'Who may import whom is told in docs/architecture.md.', [
    'depcruise',
    ...ours,
    '--config',
    '.dependency-cruiser.cjs',
  ]),
  tool('unused', 'Remove what nothing uses.', ['knip']),
  tool('format', 'Run "npm run format".', ['prettier', '--check', '.']),
  structure('migrations', migrations),
  structure('error texts', errorTexts),
  structure('names', names),
  structure('private places', privatePlaces),
  structure('skips', skips),
  structure('adapters', adapters),
];

/** Runs every check that needs no server, two at a time, telling each outcome as it comes. */
export async function runCheapChecks(
  root: string,
  tell: (outcome: CheckOutcome) => void,
): Promise<readonly CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  const queue = [...checks];
  const work = async (): Promise<void> => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const startedAt = performance.now();
      const { isGood, report } = await check.run(root).catch((error: unknown) => ({
        isGood: false,
        report: error instanceof Error ? String(error.stack) : String(error),
      }));
      const outcome = { name: check.name, isGood, report, seconds: (performance.now() - startedAt) / 1000 };
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  await Promise.all([work(), work()]);
  return outcomes;
}

export function describeOutcome({ name, isGood, report, seconds }: CheckOutcome): string {
  const line = `${isGood ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`;
  return isGood ? line : `${line}\n${report.replace(/^/gm, '     ')}`;
}
