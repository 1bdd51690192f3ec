'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { setSourceEnabledAction } from '#app/actions/source.ts';
import type { Source } from '#lib/contracts/source.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

/** Stops a source from being backed up, or starts it again; says what that means. */
export function EnableSection({ source }: { readonly source: Source }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (isEnabled: boolean) => unwrapAction(setSourceEnabledAction(source.id, isEnabled)),
    onSuccess: async (saved) => {
      client.setQueryData(queryKeys.sources.detail(source.id), saved);
      setAsking(false);
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.sources.list }),
        client.invalidateQueries({ queryKey: queryKeys.overview }),
      ]);
    },
  });
  if (!source.isEnabled) {
    return (
      <div className="hf-stack">
        <p>
          This source is disabled: it is neither backed up nor judged. Its backups are kept as its retention
          says, and can be restored. What was due meanwhile is not caught up.
        </p>
        <div>
          <Button
            data-testid="enable-source"
            loading={change.isPending}
            onClick={() => {
              change.mutate(true);
            }}
          >
            Enable this source
          </Button>
        </div>
        {change.isError && <ProblemAlert error={change.error} title="The source was not enabled" />}
      </div>
    );
  }
  return (
    <div className="hf-stack">
      <p>
        A disabled source is neither scheduled nor backed up by hand, and the overview no longer judges it.
        Its backups stay, and can be restored.
      </p>
      <div>
        <Button
          danger
          data-testid="disable-source"
          onClick={() => {
            setAsking(true);
          }}
        >
          Disable this source
        </Button>
      </div>
      {isAsking && (
        <Dialog
          title={`Disable ${source.name}?`}
          okText="Disable"
          okButtonProps={{ danger: true, loading: change.isPending, 'data-testid': 'confirm-disable' }}
          cancelText="Keep it enabled"
          onOk={() => {
            change.mutate(false);
          }}
          onCancel={() => {
            setAsking(false);
          }}
        >
          <div className="hf-stack">
            <p>
              From now on nothing that changes in {source.place} is backed up, and nobody is told that it is
              not. The backups there are stay.
            </p>
            {change.isError && <ProblemAlert error={change.error} title="The source was not disabled" />}
          </div>
        </Dialog>
      )}
    </div>
  );
}
