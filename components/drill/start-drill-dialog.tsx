'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Input, Select } from 'antd';
import { useRouter } from 'next/navigation';
import { useId, useState } from 'react';
import { startDrillAction } from '#app/actions/drill.ts';
import type { DrillPlan, DrillRequest } from '#lib/contracts/drill.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

/** Says what will happen, asks which source where there are several, and starts the drill. */
export function StartDrillDialog({
  plans,
  onClose,
}: {
  readonly plans: readonly DrillPlan[];
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const router = useRouter();
  const ids = { source: useId(), note: useId() };
  const sources = plans.filter(({ isEnabled }) => isEnabled).map(({ source }) => source);
  const [sourceId, setSourceId] = useState(sources[0]?.id);
  const [note, setNote] = useState('');
  const start = useMutation({
    mutationFn: (request: DrillRequest) => unwrapAction(startDrillAction(request)),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: queryKeys.drills.all });
      router.push(`/drills/${id}`);
    },
  });
  return (
    <Dialog
      title="Run a drill"
      okText="Start the drill"
      okButtonProps={{
        loading: start.isPending,
        disabled: sourceId === undefined,
        'data-testid': 'start-drill',
      }}
      cancelText="Not now"
      onOk={() => {
        if (start.isPending || sourceId === undefined) return;
        const said = note.trim();
        start.mutate({ sourceId, ...(said === '' ? {} : { note: said }) });
      }}
      onCancel={onClose}
    >
      <div className="hf-stack" data-testid="drill-dialog">
        <p className="hf-muted">
          The newest backup is fetched, restored beside everything else and compared with its manifest,
          against the clock. What is in use is not touched, and the copy is gone afterwards. What remains is a
          signed report.
        </p>
        {sources.length > 1 && (
          <div>
            <label htmlFor={ids.source} className="hf-label">
              Source
            </label>
            <Select
              id={ids.source}
              className="hf-drill-source"
              showSearch={{ optionFilterProp: 'label' }}
              value={sourceId}
              options={sources.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={setSourceId}
            />
          </div>
        )}
        <div>
          <label htmlFor={ids.note} className="hf-label">
            Note (stands in the report; optional)
          </label>
          <Input.TextArea
            id={ids.note}
            data-testid="drill-note"
            rows={2}
            maxLength={500}
            placeholder="Quarterly drill, with the on-call team"
            value={note}
            onChange={(event) => {
              setNote(event.target.value);
            }}
          />
        </div>
        {start.isError && <ProblemAlert error={start.error} title="The drill was not started" />}
      </div>
    </Dialog>
  );
}
