'use client';
import { useState } from 'react';
import type { BackupRow } from '#lib/contracts/backup.ts';

/** Enough for all that were started at once; of more the history tells. */
const SHOWN = 10;

/** Ids of backups this page saw running and that no longer are, newest first, until dismissed. */
export function useFinishedBackups(running: readonly BackupRow[] | undefined): {
  readonly finished: readonly string[];
  readonly dismiss: (id: string) => void;
} {
  const [seen, setSeen] = useState<readonly string[]>([]);
  const [finished, setFinished] = useState<readonly string[]>([]);
  if (running !== undefined) {
    const now = running.map(({ id }) => id);
    const gone = seen.filter((id) => !now.includes(id));
    if (gone.length > 0 || now.some((id) => !seen.includes(id))) {
      setSeen(now);
      if (gone.length > 0) setFinished((before) => [...gone, ...before].slice(0, SHOWN));
    }
  }
  return {
    finished,
    dismiss: (id) => {
      setFinished((before) => before.filter((each) => each !== id));
    },
  };
}
