import type { HealthCheck } from '../contracts/overview.ts';
import type { Config } from '../platform/config.ts';
import { bad, BACKUP_PAGE, DRILLS_PAGE, ok } from './health-check.ts';
import type { InstallationFacts, SourceFacts } from './health-facts.ts';
import { pointInTimeCheck } from './log-check.ts';
import { drillCheck, proofCheck, scrubCheck } from './proof-checks.ts';
import { lastRunCheck, overdueCheck, recoveryPointCheck, scheduleCheck } from './schedule-checks.ts';

function workerCheck({ livingWorkers }: InstallationFacts): HealthCheck {
  if (livingWorkers > 0) {
    return ok('worker', livingWorkers === 1 ? 'One worker is alive.' : `${livingWorkers} workers are alive.`);
  }
  return bad(
    'worker',
    'CRITICAL',
    'No worker is alive: no backup is taken until one runs. Start it with npm run worker.',
    'See what waits for a worker',
    BACKUP_PAGE,
  );
}

/** Whether the runbook was looked at this quarter: on the day it is needed its names and people must be right. */
function runbookCheck({ runbookReview }: InstallationFacts): HealthCheck {
  if (!runbookReview.isOverdue)
    return ok('runbook', `The runbook is to be reviewed by ${runbookReview.dueOn}.`);
  return bad(
    'runbook',
    'WARNING',
    `The quarterly review of the runbook was due on ${runbookReview.dueOn}.`,
    'Review the runbook',
    '/runbook',
  );
}

/** A source that nobody backs up any more is told of: it must not look safe because it is left out. */
function sourcesCheck({ disabledSources, enabledCount }: InstallationFacts): HealthCheck[] {
  if (disabledSources.length === 0) return [];
  const names = disabledSources.join(', ');
  return enabledCount === 0
    ? [
        bad(
          'sources',
          'UNKNOWN',
          'Every source is disabled: nothing is backed up, and nothing is judged.',
          'See the sources',
          '/sources',
        ),
      ]
    : [ok('sources', `Disabled, so neither backed up nor judged: ${names}.`)];
}

/** Every health rule of one source over these facts. `config` is its own. */
export function judgeSource(config: Config, facts: SourceFacts): HealthCheck[] {
  return [
    recoveryPointCheck(facts),
    proofCheck(config, facts),
    lastRunCheck(facts),
    overdueCheck(config, facts),
    scrubCheck(facts),
    drillCheck(facts),
    ...pointInTimeCheck(facts),
    scheduleCheck(config, facts),
  ];
}

/** Every health rule that concerns all sources. The catalogue answered, or there would be no facts. */
export function judgeInstallation(facts: InstallationFacts): HealthCheck[] {
  return [
    workerCheck(facts),
    ...sourcesCheck(facts),
    runbookCheck(facts),
    ok('catalogue', 'The catalogue database answers.'),
  ];
}

/** The same, where there are several sources: it says of which it speaks, and its action leads to that one's backups or drills. */
export function ofSource(check: HealthCheck, source: NonNullable<HealthCheck['source']>): HealthCheck {
  const { action } = check;
  if (![BACKUP_PAGE, DRILLS_PAGE].some((page) => action?.href.startsWith(page)) || action === null)
    return { ...check, source };
  const join = action.href.includes('?') ? '&' : '?';
  return { ...check, source, action: { ...action, href: `${action.href}${join}source=${source.id}` } };
}
