'use client';
import { Button, Progress } from 'antd';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { phaseText } from '#lib/client/backup-words.ts';
import { shortDuration } from '#lib/client/durations.ts';
import { sentence } from '#lib/client/sentence.ts';
import { InstantText, InstantTip } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';
import { StatusTag } from './status-tag.tsx';

/** When, in words and as a link to the details; the file's name and the note under it. */
export function DateCell({
  row,
  onOpen,
}: {
  readonly row: BackupRow;
  readonly onOpen: (id: string) => void;
}) {
  return (
    <div className="hf-date-cell">
      <InstantTip at={row.createdAt}>
        <Button
          type="link"
          className="hf-date-link"
          data-testid="open-backup"
          onClick={(event) => {
            event.stopPropagation();
            onOpen(row.id);
          }}
        >
          <InstantText at={row.createdAt} as="calendar" />
          <span className="hf-visually-hidden">: details of {row.filename}</span>
        </Button>
      </InstantTip>
      <span className="hf-muted hf-file">
        <MiddleCut text={row.filename} />
      </span>
      {row.description !== null && <span className="hf-note">{row.description}</span>}
    </div>
  );
}

export function StatusCell({ row }: { readonly row: BackupRow }) {
  const { progress } = row;
  return (
    <div className="hf-status-cell">
      <StatusTag status={row.status} />
      {progress !== null && (
        <>
          <Progress
            size="small"
            percent={Math.floor(progress.percent ?? 0)}
            showInfo={progress.percent !== null}
            format={(percent) => `${String(percent ?? 0)} %`}
            aria-label={`Progress of ${row.filename}`}
          />
          <span className="hf-muted">{phaseText(progress.phase, row.sourceKind)}</span>
        </>
      )}
      {row.status === 'FAILED' && row.error !== null && (
        <span className="hf-muted">{sentence(row.error.message)}</span>
      )}
    </div>
  );
}

/** Size and duration are not known of a run that has not ended well. */
export const sizeText = (row: BackupRow): string => (row.size > 0 ? humanBytes(row.size) : '–');
export const durationText = (row: BackupRow): string =>
  row.durationMs === null ? '–' : shortDuration(row.durationMs);
