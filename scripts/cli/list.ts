import { BackupHistoryQuery, type BackupRow } from '#lib/contracts/backup.ts';
import { listHistory } from '#lib/services/history.ts';
import { check, withBackend, type Command } from './command.ts';
import { namedSource, sourceOption } from './source-option.ts';

/** `2026-11-21 01:00 UTC`. */
export const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`;

export const proofWords = ({ status, proof }: BackupRow): string => {
  if (status !== 'COMPLETED') return '';
  if (proof.state === 'PROVEN') return `proven ${minute(proof.provenAt ?? '')}`;
  return proof.state === 'FAILED' ? 'PROOF FAILED' : 'never proven';
};

export const list: Command = {
  name: 'list',
  summary: 'List backups, newest first',
  writesReport: true,
  options: {
    'backup-type': {
      type: 'string',
      value: 'TYPE',
      help: 'manual, hourly, daily, weekly, monthly or yearly',
    },
    source: sourceOption,
    status: { type: 'string', value: 'STATUS', help: 'completed, failed, in_progress, expired or deleted' },
    limit: { type: 'string', value: 'N', help: 'at most so many (default: 50, at most 200)' },
  },
  run: async (values) => {
    const upper = (name: string): string | undefined => {
      const value = values[name];
      return typeof value === 'string' ? value.toUpperCase() : undefined;
    };
    const query = check(BackupHistoryQuery, {
      limit: values['limit'] ?? 50,
      ...(upper('backup-type') === undefined ? {} : { type: upper('backup-type') }),
      ...(upper('status') === undefined ? {} : { status: upper('status') }),
    });
    const history = await withBackend(async (backend) => {
      const source = await namedSource(backend, values);
      return listHistory(backend, source === null ? query : { ...query, source });
    });
    const rows = history.data.map((row) => [
      row.filename,
      minute(row.createdAt),
      row.tiers.join('+'),
      row.status,
      row.sizeHuman,
      proofWords(row),
      row.id,
    ]);
    const widths = rows.reduce<number[]>(
      (found, row) => row.map((cell, index) => Math.max(found[index] ?? 0, cell.length)),
      [],
    );
    const lines = rows.map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    const { total } = history.meta;
    return {
      line: [...lines, `${String(history.data.length)} of ${String(total)} backups`].join('\n'),
      json: history,
    };
  },
};
