'use client';
import { Button } from 'antd';
import { useState } from 'react';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { useOverview } from '#lib/client/use-overview.ts';
import { CreateBackupModal } from './create-backup-modal.tsx';

/** Opens the modal that starts a manual backup; busy while every source is being backed up. */
export function CreateBackupButton({ running }: { readonly running: readonly BackupRow[] }) {
  const [isOpen, setOpen] = useState(false);
  const sources = (useOverview().data?.sources ?? []).filter(({ state }) => state !== null);
  const isFree = sources.some(({ id }) => !running.some(({ sourceId }) => sourceId === id));
  const isRunning = running.length > 0 && !isFree;
  return (
    <>
      <Button
        type="primary"
        data-testid="create-backup"
        loading={isRunning}
        disabled={isRunning}
        onClick={() => {
          setOpen(true);
        }}
      >
        {isRunning ? 'Backup in progress' : 'Create Backup Now'}
      </Button>
      {isOpen && (
        <CreateBackupModal
          sources={sources}
          running={running}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
