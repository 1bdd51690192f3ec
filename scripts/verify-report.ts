import type { Check, Depth, VerifyEvent, VerifyOutcome } from '#lib/contracts/verification.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { systemClock } from '#lib/core/clock.ts';

/** The tables whose counts 4-ims.md wants to see; of all others it is told whether they agree. */
const KEY_TABLES = ['organizations', 'users', 'items', 'sales_orders', 'invoices'];

const say = (line: string): void => {
  process.stdout.write(`[${systemClock.now().toISOString()}] ${line}\n`);
};
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Tells people what a verification does and finds. */
export interface ReportPrinter {
  start(label: string, depth: Depth): void;
  event(event: VerifyEvent): void;
  end(outcome: VerifyOutcome, checks: readonly Check[], durationMs: number): void;
}

const kindOf = ({ name }: Check): string => name.split(':', 1)[0] ?? name;
const isOfKeyTable = ({ name }: Check): boolean => KEY_TABLES.some((table) => name.endsWith(`.${table}`));

/** `rows:public.items: passed (120 rows)`, or for one that did not pass all there is to know. */
function lineOf({ name, verdict, isRequired, expected, found, reason, durationMs }: Check): string {
  const told = verdict === 'PASSED' ? (found ?? '') : `expected ${expected ?? '-'}, found ${found ?? '-'}`;
  const why = reason === null ? '' : `: ${reason}`;
  const weight = verdict === 'UNKNOWN' && !isRequired ? ', not needed for a proof' : '';
  return `${name}: ${verdict}${why}${told === '' ? '' : ` (${told}${weight})`} ${seconds(durationMs)}`;
}

/** Many checks of these kinds are one line when they pass. */
const MANY = new Set(['rows', 'content', 'sequence']);

export function createReportPrinter(options: {
  readonly isSilent: boolean;
  readonly isVerbose: boolean;
}): ReportPrinter {
  if (options.isSilent) return { start: () => undefined, event: () => undefined, end: () => undefined };
  let phase = '';
  const passedOf = new Map<string, number>();
  const check = (one: Check): void => {
    const kind = kindOf(one);
    const isOneOfMany = MANY.has(kind) && !(kind === 'rows' && isOfKeyTable(one));
    if (one.verdict === 'PASSED' && isOneOfMany && !options.isVerbose) {
      passedOf.set(kind, (passedOf.get(kind) ?? 0) + 1);
    } else say(lineOf(one));
  };
  return {
    start: (label, depth) => {
      say(`verifying ${label}, depth ${depth}`);
    },
    event: (event) => {
      switch (event.type) {
        case 'check':
          check(event.check);
          return;
        case 'log':
          say(event.line);
          return;
        case 'progress': {
          if (event.phase === phase && !options.isVerbose) return;
          const of =
            event.totalBytes === undefined
              ? ''
              : ` ${humanBytes(event.bytes)} of ${humanBytes(event.totalBytes)}`;
          say(`${event.phase}${options.isVerbose ? of : ''}`);
          ({ phase } = event);
          return;
        }
        case 'outcome':
      }
    },
    end: (outcome, checks, durationMs) => {
      for (const [kind, count] of passedOf) say(`${kind}: PASSED for ${String(count)} more`);
      const bad = checks.filter(({ verdict }) => verdict !== 'PASSED');
      const count = (verdict: Check['verdict']): string =>
        String(checks.filter((one) => one.verdict === verdict).length);
      say(`checks: ${count('PASSED')} passed, ${count('FAILED')} failed, ${count('UNKNOWN')} unknown`);
      for (const one of bad) say(`  ${lineOf(one)}`);
      if (outcome.restoreMs !== null) say(`restoring took ${seconds(outcome.restoreMs)}`);
      const verdict = outcome.proven ? 'PASSED: this backup is proven' : outcome.status;
      say(`${verdict} after ${seconds(durationMs)}`);
      if (outcome.error === null) return;
      process.stderr.write(`error: ${outcome.error.message} [${outcome.error.code}]\n`);
      if (outcome.error.hint !== null) process.stderr.write(`HINT: ${outcome.error.hint}\n`);
    },
  };
}
