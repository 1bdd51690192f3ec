'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { cancelVerificationAction } from '#app/actions/verification.ts';
import type { Drill } from '#lib/contracts/drill.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { drillStepWord } from '#lib/client/drill-words.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Instant } from '#components/ui/instant.tsx';
import { RunningPanel } from '#components/ui/running-panel.tsx';

/** Where a drill is, and the way to stop it. */
export function RunningDrill({ drill }: { readonly drill: Drill }) {
  const client = useQueryClient();
  const { progress, verificationId } = drill;
  const cancel = useMutation({
    mutationFn: () => unwrapAction(cancelVerificationAction(verificationId ?? '')),
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.drills.all }),
  });
  const phase = progress?.phase ?? 'queued';
  const { bytes = 0, totalBytes = null } = progress ?? {};
  return (
    <RunningPanel
      noun="drill"
      label="Running drill"
      id={drill.id}
      phase={phase}
      title={drillStepWord[phase]}
      percent={
        totalBytes === null || totalBytes === 0 ? null : Math.min(100, Math.floor((bytes / totalBytes) * 100))
      }
      isCancelRequested={progress?.cancelRequested === true}
      cancel={verificationId === null ? null : cancel}
    >
      {phase === 'queued' && (
        <p className="hf-muted">
          A worker takes it when no backup runs or waits. The time in the queue counts against no objective.
        </p>
      )}
      <dl className="hf-running-facts">
        <div>
          <dt>Started</dt>
          <dd>
            <Instant at={drill.createdAt} />
          </dd>
        </div>
        {bytes > 0 && (
          <div>
            <dt>Handled</dt>
            <dd>
              {humanBytes(bytes)}
              {totalBytes !== null && ` of ${humanBytes(totalBytes)}`}
            </dd>
          </div>
        )}
      </dl>
    </RunningPanel>
  );
}
