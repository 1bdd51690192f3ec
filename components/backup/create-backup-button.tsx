'use client';
import { Button } from 'antd';
import { useState } from 'react';
import { CreateBackupModal } from './create-backup-modal.tsx';

/** Opens the modal that starts a manual backup; busy while one runs. */
export function CreateBackupButton({ isRunning }: { readonly isRunning: boolean }) {
  const [isOpen, setOpen] = useState(false);
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
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
