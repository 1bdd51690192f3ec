'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { cancelVerificationAction } from '#app/actions/verification.ts';
import type { Verification } from '#lib/contracts/verification.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { causeWord, depthWord, verifyPhaseWord } from '#lib/client/verification-words.ts';
import { Instant } from '#components/ui/instant.tsx';
import { RunningPanel } from '#components/ui/running-panel.tsx';

type Running = Omit<Verification, 'checks' | 'log'>;

function Facts({ verification }: { readonly verification: Running }) {
  const { progress, depth, destination, cause, requestedBy, createdAt } = verification;
  return (
    <dl className="hf-running-facts">
      {progress !== null && progress.bytes > 0 && (
        <div>
          <dt>Handled</dt>
          <dd>
            {humanBytes(progress.bytes)}
            {progress.totalBytes !== null && ` of ${humanBytes(progress.totalBytes)}`}
          </dd>
        </div>
      )}
      <div>
        <dt>Depth</dt>
        <dd>
          {depthWord[depth]}, {destinationWord[destination]}
        </dd>
      </div>
      <div>
        <dt>Asked for</dt>
        <dd>
          <Instant at={createdAt} />, {requestedBy === null ? causeWord[cause] : `by ${requestedBy}`}
        </dd>
      </div>
    </dl>
  );
}

/** One running verification: phase, bytes and the way to stop it. It goes on whoever looks. */
export function RunningVerification({ verification }: { readonly verification: Running }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => unwrapAction(cancelVerificationAction(verification.id)),
    onSettled: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.overview }),
        client.invalidateQueries({ queryKey: queryKeys.backups.all }),
        client.invalidateQueries({ queryKey: queryKeys.verifications.all }),
      ]);
    },
  });
  const { progress } = verification;
  const phase = progress?.phase ?? 'queued';
  const percent =
    progress?.totalBytes == null || progress.totalBytes === 0
      ? null
      : Math.min(100, Math.floor((progress.bytes / progress.totalBytes) * 100));
  return (
    <RunningPanel
      noun="verification"
      label="Running verification"
      id={verification.id}
      phase={phase}
      title={verifyPhaseWord[phase]}
      percent={percent}
      isCancelRequested={progress?.cancelRequested === true}
      cancel={cancel}
    >
      {phase === 'queued' && (
        <p className="hf-muted">
          A worker takes it when no backup runs or waits: a verification never delays a backup.
        </p>
      )}
      <Facts verification={verification} />
    </RunningPanel>
  );
}
