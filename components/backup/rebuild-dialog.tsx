'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Spin } from 'antd';
import { useEffect, useState } from 'react';
import { requestRebuildAction } from '#app/actions/backup.ts';
import type { Rebuild, RebuildResult } from '#lib/contracts/rebuild.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { foundText, hasNews, newsOf, retentionText } from '#lib/client/rebuild-words.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { useRebuild } from '#lib/client/use-rebuild.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { RebuildFound } from './rebuild-found.tsx';

/** Asked once for each try. */
function usePreview(attempt: number) {
  return useQuery({
    queryKey: queryKeys.rebuilds.preview(attempt),
    queryFn: () => unwrapAction(requestRebuildAction({ dryRun: true })),
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

function Going({
  rebuild,
  isRecording,
}: {
  readonly rebuild: Rebuild | undefined;
  readonly isRecording: boolean;
}) {
  const { archives, recorded } = rebuild?.progress ?? { archives: 0, recorded: 0 };
  const error = rebuild?.error ?? null;
  return (
    <div className="hf-stack" data-testid="rebuild-going">
      <p role="status" className="hf-rebuild-going">
        <Spin size="small" />
        {archives === 0
          ? 'A worker is looking through the destinations.'
          : isRecording && recorded > 0
            ? `${String(recorded)} recorded so far.`
            : `${String(archives)} archives met so far.`}
      </p>
      <p className="hf-muted">
        {isRecording
          ? 'It goes on when this is closed; what is recorded stays.'
          : 'Only names, sizes and manifests are read. Nothing is changed.'}
      </p>
      {error !== null && (
        <ProblemAlert error={recordedProblem(error)} title="Nobody goes on with it now" isMild />
      )}
    </div>
  );
}

function Outcome({ result, isRecorded }: { readonly result: RebuildResult; readonly isRecorded: boolean }) {
  return (
    <div className="hf-stack" data-testid={isRecorded ? 'rebuild-recorded' : 'rebuild-preview'}>
      {isRecorded ? (
        <Alert
          type={hasNews(result) ? 'success' : 'info'}
          showIcon
          role="status"
          title={
            hasNews(result)
              ? `${newsOf(result)} recorded, none of them proven yet`
              : 'Nothing was recorded: everything is known'
          }
        />
      ) : (
        <p role="status">{foundText(result)}</p>
      )}
      <RebuildFound result={result} />
      {hasNews(result) && !isRecorded && <p className="hf-muted">{retentionText(result)}</p>}
    </div>
  );
}

/** Previews which archives at the destinations are not in the history, records them on confirmation, and says what came of it. */
export function RebuildDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const [attempt, setAttempt] = useState(0);
  const asked = usePreview(attempt);
  const [recordId, setRecordId] = useState<string | null>(null);
  const preview = useRebuild(asked.data?.id ?? null);
  const recording = useRebuild(recordId);
  const record = useMutation({
    mutationFn: () => unwrapAction(requestRebuildAction({})),
    onSuccess: ({ id }) => {
      setRecordId(id);
    },
  });
  const isRecording = recordId !== null;
  const current = isRecording ? recording : preview;
  const rebuild = current.data;
  const isDone = recording.data?.status === 'COMPLETED';
  useEffect(() => {
    if (!isDone) return;
    void client.invalidateQueries({ queryKey: queryKeys.backups.all });
    void client.invalidateQueries({ queryKey: queryKeys.overview });
  }, [client, isDone]);

  const failure =
    asked.error ??
    record.error ??
    (current.isError && rebuild === undefined ? current.error : null) ??
    (rebuild?.status === 'FAILED' && rebuild.error !== null ? recordedProblem(rebuild.error) : null);
  const result = rebuild?.result ?? null;
  const mayRecord = !isRecording && result !== null && hasNews(result);
  return (
    <Dialog
      title="Record archives that are at the destinations already"
      okText={mayRecord ? `Record ${newsOf(result)}` : 'Close'}
      okButtonProps={{ loading: record.isPending, 'data-testid': 'rebuild-ok' }}
      cancelText="Not now"
      cancelButtonProps={mayRecord ? {} : { style: { display: 'none' } }}
      width={640}
      onOk={() => {
        if (!mayRecord) onClose();
        else if (!record.isPending) record.mutate();
      }}
      onCancel={onClose}
    >
      <div className="hf-stack" data-testid="rebuild-dialog">
        <p className="hf-muted">
          For a history that was lost, and for backups that a script took while the catalogue was down. Each
          archive is found by the manifest beside it.
        </p>
        {failure !== null ? (
          <ProblemAlert
            error={failure}
            title={
              isRecording ? 'Not everything was recorded' : 'The destinations could not be looked through'
            }
            onRetry={() => {
              record.reset();
              setRecordId(null);
              setAttempt(attempt + 1);
            }}
            isRetrying={asked.isFetching}
          />
        ) : result === null ? (
          <Going rebuild={rebuild} isRecording={isRecording} />
        ) : (
          <Outcome result={result} isRecorded={isRecording} />
        )}
      </div>
    </Dialog>
  );
}
