'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Checkbox } from 'antd';
import { useState } from 'react';
import { dropKeptCopyAction } from '#app/actions/restore.ts';
import type { KeptCopy } from '#lib/contracts/kept-copy.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { keptHolds, keptLoss, keptNeed, keptPlace } from '#lib/client/kept-copy-words.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { TypedConfirm } from '#components/ui/typed-confirm.tsx';

/** Says what goes, and what cannot be undone any more without it. */
export function DropKeptDialog({ copy, onClose }: { readonly copy: KeptCopy; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [givesUp, setGivesUp] = useState(false);
  const { restoreId, kind, name, sizeBytes } = copy;
  const need = keptNeed(copy);
  const drop = useMutation({
    mutationFn: (confirm: string) =>
      unwrapAction(dropKeptCopyAction({ restoreId, kind, name, confirm, givesUp })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queryKeys.restores.all });
      onClose();
    },
  });
  return (
    <TypedConfirm
      title={`Drop this ${kind}?`}
      loss={
        <div className="hf-stack">
          <p>
            {keptPlace(copy)}
            {sizeBytes !== null && <> of {humanBytes(sizeBytes)}</>}: {keptHolds(copy).toLowerCase()}. It is
            gone for good then, {keptLoss(copy)}.
          </p>
          {kind !== 'path' && (
            <p className="hf-muted">Nobody is sent away: while somebody is using it, it stays.</p>
          )}
          {need !== null && (
            <>
              <p>{need}</p>
              <Checkbox
                checked={givesUp}
                data-testid="gives-up"
                onChange={({ target: { checked } }) => {
                  setGivesUp(checked);
                }}
              >
                Give that up
              </Checkbox>
            </>
          )}
        </div>
      }
      name={name}
      nameWord={kind === 'path' ? 'the path' : 'the name'}
      actionLabel="Drop it"
      isComplete={need === null || givesUp}
      isPending={drop.isPending}
      error={drop.error}
      onConfirm={(confirm) => {
        drop.mutate(confirm);
      }}
      onCancel={onClose}
    />
  );
}
