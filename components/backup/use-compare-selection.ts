'use client';
import { useState } from 'react';
import type { BackupRow } from '#lib/contracts/backup.ts';

type Selected = Pick<BackupRow, 'id' | 'createdAt' | 'sourceId'>;

export interface CompareSelection {
  readonly isSelected: (id: string) => boolean;
  /** Whether a box may be ticked: only whole archives have a manifest, and only two of one source are compared. */
  readonly canSelect: (row: BackupRow) => boolean;
  readonly toggle: (row: Selected) => void;
  readonly count: number;
  /** The comparison of the two, the older one first; null until two are chosen. */
  readonly href: string | null;
}

/** The backups ticked for a comparison; it outlives a change of page or filter. */
export function useCompareSelection(): CompareSelection {
  const [selected, setSelected] = useState<readonly Selected[]>([]);
  const isSelected = (id: string): boolean => selected.some((each) => each.id === id);
  const [older, newer] = selected.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return {
    isSelected,
    canSelect: ({ id, status, sourceId }) =>
      status === 'COMPLETED' &&
      (isSelected(id) || (selected.length < 2 && selected.every((each) => each.sourceId === sourceId))),
    toggle: ({ id, createdAt, sourceId }) => {
      setSelected((before) =>
        before.some((each) => each.id === id)
          ? before.filter((each) => each.id !== id)
          : [...before, { id, createdAt, sourceId }],
      );
    },
    count: selected.length,
    href:
      older === undefined || newer === undefined
        ? null
        : `/settings/backup/compare?a=${older.id}&b=${newer.id}`,
  };
}
