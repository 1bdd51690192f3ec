'use client';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { Drill } from '#lib/contracts/drill.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { shortDuration } from '#lib/client/durations.ts';
import { placeWord } from '#lib/client/verification-words.ts';
import { FactList } from '#components/ui/fact-list.tsx';
import { Instant } from '#components/ui/instant.tsx';

/** Who rehearsed what, where. */
export function DrillFacts({ drill }: { readonly drill: Drill }) {
  const { backup, source, requestedBy, note, place, finishedAt, measured } = drill;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Source', source.name],
    ...(backup === null
      ? []
      : [
          [
            'Backup',
            <Link key="backup" href={`/settings/backup?backup=${backup.id}`} className="hf-link hf-wrap">
              {backup.filename}
            </Link>,
          ] as const,
          ['Taken', <Instant key="taken" at={backup.takenAt} as="plain" />] as const,
          [
            'Read from',
            `${destinationWord[backup.destination]}${backup.stored === null ? '' : `, ${humanBytes(backup.stored.bytes)}`}`,
          ] as const,
          ...(backup.stored === null
            ? []
            : [['SHA-256 as stored', <code key="sha">{backup.stored.sha256}</code>] as const]),
        ]),
    ...(place === null ? [] : [['Restored into', placeWord[place]] as const]),
    [
      'Asked for',
      <span key="asked">
        <Instant at={drill.createdAt} as="plain" /> by {requestedBy ?? 'the schedule'}
      </span>,
    ],
    ...(drill.dueAt === null ? [] : [['Due', <Instant key="due" at={drill.dueAt} as="plain" />] as const]),
    ...(note === null ? [] : [['Note', note] as const]),
    ...(measured.waitedMs === null
      ? []
      : [['Waited for a worker', shortDuration(measured.waitedMs)] as const]),
    ...(finishedAt === null ? [] : [['Ended', <Instant key="ended" at={finishedAt} as="plain" />] as const]),
    ...(measured.restoreMs === null ? [] : [['pg_restore took', shortDuration(measured.restoreMs)] as const]),
  ];
  return <FactList facts={facts} />;
}
