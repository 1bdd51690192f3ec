import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RUNBOOK_SETTINGS, RunbookCommands, SCENARIO_IDS } from '#lib/contracts/runbook.ts';
import { runbookReview } from '#lib/core/runbook-review.ts';
import { exampleRunbook } from '#lib/runbook/example-runbook.ts';
import { runbookMarkdown } from '#lib/runbook/runbook-markdown.ts';
import { EXAMPLE_NAMES, type RunbookNames } from '#lib/runbook/runbook-names.ts';
import { scenarios } from '#lib/runbook/scenarios.ts';
import { ROOT } from '../support/temporary-tree.ts';

const commandsOf = (names: RunbookNames): string[] =>
  scenarios(names).flatMap(({ steps }) => steps.flatMap(({ commands }) => commands));
const people = {
  contacts: [],
  escalation: [],
  communication: DEFAULT_RUNBOOK_SETTINGS.communication,
  review: DEFAULT_RUNBOOK_SETTINGS.review,
};

test('docs/disaster-recovery-runbook.md is what lib/runbook says now', () => {
  const printed = readFileSync(join(ROOT, 'docs/disaster-recovery-runbook.md'), 'utf8');
  expect(printed, 'run "node scripts/write-runbook.ts" and commit what it writes').toBe(exampleRunbook());
});

describe('the scenarios', () => {
  test('are those of the contract, each with symptoms, a decision, an estimate and steps of their own ids', () => {
    const all = scenarios(EXAMPLE_NAMES);
    expect(all.map(({ id }) => id)).toEqual([...SCENARIO_IDS]);
    for (const { id, symptoms, decision, estimate, steps } of all) {
      expect(symptoms.length, id).toBeGreaterThan(0);
      expect(decision.length, id).toBeGreaterThan(40);
      expect(estimate, id).toMatch(/\d/);
      const ids = steps.map((step) => step.id);
      expect(new Set(ids).size, id).toBe(ids.length);
    }
  });

  test.each([
    ['database-loss', '30-45 minutes'],
    ['server-failure', '60-90 minutes'],
    ['redis-failure', '5-10 minutes'],
    ['accidental-deletion', '15-30 minutes'],
    ['cluster-loss', '2-4 hours'],
    ['ransomware', '4 hours'],
  ])('%s is estimated as its guide says', (id, estimate) => {
    expect(scenarios(EXAMPLE_NAMES).find((each) => each.id === id)?.estimate).toBe(estimate);
  });

  test('have the same steps whatever the names are, so that ticks are kept', () => {
    const ids = (names: RunbookNames) =>
      scenarios(names).map(({ id, steps }) => [id, steps.map((step) => step.id)]);
    expect(
      ids({ ...EXAMPLE_NAMES, s3: null, backup: null, commands: DEFAULT_RUNBOOK_SETTINGS.commands }),
    ).toEqual(ids(EXAMPLE_NAMES));
  });

  test('carry this installation’s names, quoted for shell and SQL', () => {
    const odd = `Odd "ims"'s db`;
    const all = commandsOf({ ...EXAMPLE_NAMES, database: odd, host: 'db.example.test', port: 5433 }).join(
      '\n',
    );
    expect(all).not.toContain('ims_db ');
    expect(all).toContain(`'Odd "ims"'\\''s db'`);
    expect(all).toContain('PGHOST=db.example.test PGPORT=5433');
    expect(all).toContain('"Odd ""ims""');
  });

  test('fetch from S3 where no copy lies here, and for a lost server always', () => {
    const backup = EXAMPLE_NAMES.backup;
    if (backup === null) throw new Error('no example');
    const steps = (names: RunbookNames, id: string) =>
      scenarios(names)
        .find((each) => each.id === id)
        ?.steps.find((step) => step.id === 'fetch-backup')
        ?.commands.join('\n') ?? '';
    expect(steps(EXAMPLE_NAMES, 'database-loss')).not.toContain('aws s3 cp');
    expect(steps(EXAMPLE_NAMES, 'server-failure')).toContain(
      `s3://ims-backups/${backup.s3Key ?? ''}.manifest.json`,
    );
    expect(steps({ ...EXAMPLE_NAMES, backup: { ...backup, localKey: null } }, 'database-loss')).toContain(
      'aws s3 cp',
    );
    const encrypted = steps({ ...EXAMPLE_NAMES, backup: { ...backup, isEncrypted: true } }, 'database-loss');
    expect(encrypted).toContain('--identity key.txt');
  });

  test('name the command that is not filled in yet, and offer nothing to copy in its place', () => {
    const empty = Object.fromEntries(
      Object.keys(RunbookCommands.shape).map((name) => [name, '']),
    ) as typeof EXAMPLE_NAMES.commands;
    const missing = scenarios({ ...EXAMPLE_NAMES, commands: empty })
      .flatMap(({ steps }) => steps)
      .filter((step) => step.missing !== undefined);
    expect(new Set(missing.map((step) => step.missing))).toEqual(new Set(Object.keys(empty)));
    for (const step of missing) expect(step.commands).toEqual([]);
  });

  test('keep the names within what PostgreSQL takes', () => {
    const all = commandsOf({ ...EXAMPLE_NAMES, database: 'ü'.repeat(31) });
    const renamed = /rename to "(ü+_before_restore)"/.exec(all.join('\n'))?.[1] ?? '';
    expect(new TextEncoder().encode(renamed).length).toBeLessThanOrEqual(63);
    expect(renamed).toMatch(/_before_restore$/);
  });
});

describe('the Markdown', () => {
  test('holds every command, the measured time, the people and the review', () => {
    const backup = EXAMPLE_NAMES.backup;
    if (backup === null) throw new Error('no example');
    const names = { ...EXAMPLE_NAMES, backup: { ...backup, recoveryMs: 4 * 60_000 - 1 } };
    const text = runbookMarkdown(
      names,
      {
        ...people,
        contacts: [{ name: 'On call', role: '*night*', phone: '+00 1', email: '' }],
        escalation: [{ afterMinutes: 15, whom: 'Head of operations' }],
        review: { lastReviewedOn: '2026-10-01', reviewedBy: 'operations' },
      },
      [],
    );
    for (const command of commandsOf(names)) expect(text).toContain(command.split('\n')[0]);
    expect(text).toContain('Restoring it took 4 minutes');
    expect(text).toContain('On call, \\*night\\*, +00 1');
    expect(text).toContain('after 15 minutes: Head of operations');
    expect(text).toContain('T+240 min');
    expect(text).toContain('Last reviewed on 2026-10-01 by operations');
  });

  test('fences a command that holds backticks', () => {
    const commands = { ...EXAMPLE_NAMES.commands, stopServices: 'echo ```' };
    expect(runbookMarkdown({ ...EXAMPLE_NAMES, commands }, people, [])).toContain(
      '````sh\n   echo ```\n   ````',
    );
  });
});

test.each([
  [null, '2026-09-01', '2026-12-02', false],
  [null, '2026-09-01', '2026-12-03', true],
  ['2026-11-01', '2020-01-01', '2027-02-01', false],
  ['2026-11-01', '2020-01-01', '2027-02-02', true],
])('a review of %s, known since %s, is on %s overdue: %s', (last, since, today, isOverdue) => {
  const review = runbookReview(last, new Date(`${since}T12:00:00Z`), new Date(`${today}T12:00:00Z`), 92);
  expect(review.isOverdue).toBe(isOverdue);
});
