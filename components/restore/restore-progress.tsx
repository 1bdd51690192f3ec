'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { cancelRestoreAction } from '#app/actions/restore.ts';
import type { Restore, RestorePhase } from '#lib/contracts/restore.ts';
import { timeLeft } from '#lib/client/durations.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { restorePhaseText } from '#lib/client/restore-kind-words.ts';
import { phasesOf } from '#lib/client/restore-words.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Instant } from '#components/ui/instant.tsx';
import { MiddleCut } from '#components/ui/middle-cut.tsx';
import { RunningPanel, WaitingForWorker } from '#components/ui/running-panel.tsx';

const signs = { done: 'done', current: 'now', ahead: 'to come' } as const;

function Phases({ restore, phase }: { readonly restore: Restore; readonly phase: RestorePhase }) {
  const phases = phasesOf(restore);
  const at = phases.indexOf(phase);
  return (
    <ol className="hf-phases">
      {phases.map((each, index) => {
        const state = index < at ? 'done' : index === at ? 'current' : 'ahead';
        return (
          <li key={each} data-state={state} aria-current={state === 'current' ? 'step' : undefined}>
            {restorePhaseText(restore.sourceKind, each)}{' '}
            <span className="hf-visually-hidden">({signs[state]})</span>
          </li>
        );
      })}
    </ol>
  );
}

type Progressed = NonNullable<Restore['progress']>;

function Facts({ restore, progress }: { readonly restore: Restore; readonly progress: Progressed }) {
  const { tableCount, tablesDone, table, etaSeconds } = progress;
  return (
    <dl className="hf-running-facts">
      {tableCount > 0 && (
        <div>
          <dt>Tables</dt>
          <dd>
            {tablesDone} of {tableCount}
          </dd>
        </div>
      )}
      <div>
        <dt>Time left</dt>
        <dd>{etaSeconds === null ? 'not known yet' : `about ${timeLeft(etaSeconds)}`}</dd>
      </div>
      <div>
        <dt>Started</dt>
        <dd>
          <Instant at={restore.createdAt} />
        </dd>
      </div>
      {table !== null && (
        <div className="hf-running-table">
          <dt>Table</dt>
          <dd>
            <MiddleCut text={table} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** A restore that runs: where it is, how long still, and the way to stop it. While it waits for a person, see `ready`. */
export function RestoreProgress({ restore }: { readonly restore: Restore }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => unwrapAction(cancelRestoreAction(restore.id)),
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.restores.all }),
  });
  const { progress, mode } = restore;
  const phase = progress?.phase ?? 'queued';
  if (phase === 'ready') return null;
  const isReplaced = restore.checks.some(
    ({ name, verdict }) => name === 'one-transaction' && verdict === 'PASSED',
  );
  // An exchange takes a moment and is undone, not cancelled; what is committed cannot be.
  const mayCancel = phase !== 'swapping' && phase !== 'finishing' && !isReplaced;
  return (
    <RunningPanel
      noun="restore"
      label="Running restore"
      id={restore.id}
      phase={phase}
      title={restorePhaseText(restore.sourceKind, phase)}
      percent={Math.floor(progress?.percent ?? 0)}
      isCancelRequested={progress?.cancelRequested === true}
      cancel={mayCancel ? cancel : null}
    >
      {phase === 'queued' ? (
        <WaitingForWorker />
      ) : (
        progress !== null && <Facts restore={restore} progress={progress} />
      )}
      <Phases restore={restore} phase={phase} />
      {mayCancel && (
        <p className="hf-muted">
          {mode === 'in-place'
            ? 'Cancelling rolls everything back: the database is as it was before.'
            : 'Cancelling removes the unfinished copy and nothing else.'}
        </p>
      )}
    </RunningPanel>
  );
}
