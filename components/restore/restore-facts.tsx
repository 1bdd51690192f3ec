'use client';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Restore } from '#lib/contracts/restore.ts';
import { shortDuration } from '#lib/client/durations.ts';
import { modeWordOf } from '#lib/client/restore-kind-words.ts';
import { environmentWord, intoWord } from '#lib/client/restore-words.ts';
import { FactList } from '#components/ui/fact-list.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { PathList } from '#components/ui/path-list.tsx';

/** Who asked for what, and how long it took. */
export function RestoreFacts({ restore }: { readonly restore: Restore }) {
  const { sourceKind, plan, environment, durationMs, restoreMs, finishedAt, safetyBackup } = restore;
  const options = [
    ...(plan.tablesInto === undefined ? [] : [intoWord[plan.tablesInto].toLowerCase()]),
    ...(plan.schemaOnly ? ['without rows'] : []),
    ...(plan.dataOnly ? ['rows only'] : []),
    ...(plan.noOwner ? ['without owners'] : []),
  ];
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Backup',
      <Link
        key="backup"
        href={`/settings/backup?backup=${restore.backupId}`}
        className="hf-link hf-wrap"
        data-testid="restored-backup"
      >
        {restore.backupFilename}
      </Link>,
    ],
    [
      'How',
      `${modeWordOf(sourceKind, restore.mode)}${options.length === 0 ? '' : `, ${options.join(', ')}`}`,
    ],
    [
      sourceKind === 'postgres' ? 'Database' : 'Path',
      <span key="target" className="hf-wrap">
        {restore.targetDatabase}
      </span>,
    ],
    ...(plan.tables === undefined ? [] : [['Tables', plan.tables.join(', ')] as const]),
    ...(plan.paths === undefined
      ? []
      : [['Only', <PathList key="paths" label="Paths that were chosen" paths={plan.paths} />] as const]),
    ...(safetyBackup === null
      ? []
      : [
          [
            'Safety backup',
            <Link
              key="safety"
              href={`/settings/backup?backup=${safetyBackup.id}`}
              className="hf-link hf-wrap"
              data-testid="safety-backup"
            >
              {safetyBackup.filename}
            </Link>,
          ] as const,
        ]),
    ...(plan.hooks.length === 0 ? [] : [['Commands', plan.hooks.join(', ')] as const]),
    ['Environment', environmentWord[environment]],
    [
      'Asked for',
      <span key="asked">
        <Instant at={restore.createdAt} as="plain" /> by {restore.requestedBy}
      </span>,
    ],
    ...(restore.reason === null ? [] : [['Reason', restore.reason] as const]),
    ...(finishedAt === null ? [] : [['Ended', <Instant key="ended" at={finishedAt} as="plain" />] as const]),
    ...(durationMs === null ? [] : [['Took', shortDuration(durationMs)] as const]),
    ...(restoreMs === null
      ? []
      : [
          [
            sourceKind === 'postgres' ? 'Of which pg_restore' : 'Of which writing the copy',
            shortDuration(restoreMs),
          ] as const,
        ]),
  ];
  return <FactList facts={facts} />;
}
