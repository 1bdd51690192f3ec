'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteBackupAction } from '#app/actions/backup.ts';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { hasTables } from '#lib/core/source-kind.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Instant } from '#components/ui/instant.tsx';
import { TypedConfirm } from '#components/ui/typed-confirm.tsx';

function Loss({ row }: { readonly row: BackupRow }) {
  if (row.status === 'FAILED') {
    return (
      <p>
        The record of this failed run and whatever it left behind are removed. It holds nothing that could be
        restored.
      </p>
    );
  }
  return (
    <p>
      This removes {humanBytes(row.size)} from every place it is stored. The state of{' '}
      <span className="hf-wrap">{row.sourceName}</span> from <Instant at={row.createdAt} as="plain" />
      {hasTables(row.sourceKind) && row.tableCount !== null && ` (${String(row.tableCount)} tables)`} can then
      no longer be restored from it. There is no way back.
    </p>
  );
}

export function DeleteDialog({ row, onClose }: { readonly row: BackupRow; readonly onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (typedName: string) => unwrapAction(deleteBackupAction(row.id, typedName)),
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.backups.all }),
        client.invalidateQueries({ queryKey: queryKeys.overview }),
      ]);
      onClose();
    },
  });
  return (
    <TypedConfirm
      title={row.status === 'FAILED' ? 'Delete this failed run?' : 'Delete this backup?'}
      loss={<Loss row={row} />}
      name={row.filename}
      actionLabel={row.status === 'FAILED' ? 'Delete run' : 'Delete backup'}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={(typedName) => {
        remove.mutate(typedName);
      }}
      onCancel={onClose}
    />
  );
}
