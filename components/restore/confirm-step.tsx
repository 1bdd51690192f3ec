'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form, Input, Skeleton } from 'antd';
import { useRouter } from 'next/navigation';
import { useId, useState } from 'react';
import { startRestoreAction } from '#app/actions/restore.ts';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import type { RestorePlan, RestorePreview, RestoreRequest } from '#lib/contracts/restore.ts';
import { aboutDuration } from '#lib/client/durations.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { modeKeepsOf, typedWord } from '#lib/client/restore-kind-words.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { PathSummary } from './path-summary.tsx';
import { ReasonField } from './reason-field.tsx';
import { StepEnd } from './step-end.tsx';
import { useRestorePreview } from './use-restore-preview.ts';

function Summary({
  backup,
  plan,
  preview,
}: {
  readonly backup: BackupDetail;
  readonly plan: RestorePlan;
  readonly preview: RestorePreview;
}) {
  const target = <strong className="hf-wrap">{plan.targetDatabase}</strong>;
  const commands = plan.hooks.length > 0 && (
    <li>The commands {plan.hooks.join(', ')} of the server run before and after that.</li>
  );
  if (plan.mode === 'in-place') {
    return (
      <ol className="hf-will">
        <li>
          The backup of <Instant at={backup.createdAt} as="calendar" /> is checked to its end.
        </li>
        <li>A safety backup of {target} is taken. Without it nothing goes on.</li>
        <li>
          What is in the backup is dropped from {target} and restored there, in one transaction. Applications
          wait for their tables meanwhile.
        </li>
        <li>
          What was written since the backup is gone from {target} then, and stays in the safety backup only.
        </li>
        <li>Every table, row count and object is compared with the manifest.</li>
        {commands}
      </ol>
    );
  }
  if (plan.mode === 'tables') {
    const tables = <strong className="hf-wrap">{(plan.tables ?? []).join(', ')}</strong>;
    return (
      <ol className="hf-will">
        <li>
          The backup of <Instant at={backup.createdAt} as="calendar" /> is checked to its end. The rows of{' '}
          {tables} are restored beside the live database, and compared with the manifest.
        </li>
        {plan.tablesInto === 'side-schema' && (
          <li>They come into a schema of their own in {target}. No live table is touched.</li>
        )}
        {plan.tablesInto === 'replace' && (
          <li>
            In one transaction the live rows are kept in a schema of their own, and those of the backup come
            in their place. Who wants to write to these tables waits meanwhile.
          </li>
        )}
        {plan.tablesInto === 'append' && (
          <li>In one transaction the rows whose key is not there are added. Live rows stay as they are.</li>
        )}
        {plan.tablesInto !== 'side-schema' && (
          <li>Where a foreign key would not hold, or a row be missing, everything stays as it is.</li>
        )}
        {commands}
      </ol>
    );
  }
  return (
    <ol className="hf-will">
      <li>
        The backup of <Instant at={backup.createdAt} as="calendar" /> is checked to its end, then restored{' '}
        {plan.mode === 'new' ? (
          <>into the new database {target}</>
        ) : (
          'into a new database beside the live one'
        )}
        {preview.estimatedSeconds !== null && `, in about ${aboutDuration(preview.estimatedSeconds * 1_000)}`}
        .
      </li>
      <li>Every table, row count and object of the copy is compared with the manifest.</li>
      {plan.mode === 'swap' && (
        <>
          {plan.pauseBeforeSwap && <li>It waits: you can look at the copy and decide.</li>}
          <li>
            The copy takes the name {target}. Applications lose their connections for a moment. The database
            before it is kept whole under another name, and you can undo this.
          </li>
        </>
      )}
      {commands}
    </ol>
  );
}

/** The last step: what will happen in order, the typed name and, where it is production, the reason. */
export function ConfirmStep({
  backup,
  plan,
  onBack,
}: {
  readonly backup: BackupDetail;
  readonly plan: RestorePlan;
  readonly onBack: () => void;
}) {
  const nameId = useId();
  const router = useRouter();
  const client = useQueryClient();
  const preview = useRestorePreview(backup.id, plan);
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const start = useMutation({
    mutationFn: (request: RestoreRequest) => unwrapAction(startRestoreAction(backup.id, request)),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: queryKeys.restores.all });
      // Not push: going back must not lead to a form that would start a second one.
      router.replace(`/restores/${id}`);
    },
  });
  if (preview.data === undefined) {
    return preview.isError ? (
      <ProblemAlert
        error={preview.error}
        title="What would happen could not be found out"
        isRetrying={preview.isFetching}
        onRetry={() => {
          void preview.refetch();
        }}
      />
    ) : (
      <Skeleton active title={false} paragraph={{ rows: 6 }} />
    );
  }
  const { canStart, needsReason } = preview.data;
  const isExact = typed === plan.targetDatabase;
  const isReady = isExact && (!needsReason || reason.trim() !== '');
  const isGone = start.isPending || start.isSuccess;
  const isDangerous = plan.mode === 'in-place' || (plan.mode === 'swap' && !plan.pauseBeforeSwap);
  const submit = () => {
    if (!isReady || isGone) return;
    start.mutate({
      ...plan,
      confirm: typed,
      ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    });
  };
  if (!canStart) {
    return (
      <>
        <Alert
          type="error"
          showIcon
          title="Something stops this restore"
          description="Go back to the preview: it says what, and what to do about it."
        />
        <StepEnd untouched="Nothing has been touched." onBack={onBack}>
          {null}
        </StepEnd>
      </>
    );
  }
  return (
    <>
      {backup.sourceKind === 'postgres' ? (
        <Summary backup={backup} plan={plan} preview={preview.data} />
      ) : (
        <PathSummary backup={backup} kind={backup.sourceKind} plan={plan} preview={preview.data} />
      )}
      <Form layout="vertical" component="form" className="hf-confirm" onFinish={submit}>
        <div>
          <label htmlFor={nameId} className="hf-label">
            To confirm, type {typedWord(backup.sourceKind)}{' '}
            <code className="hf-wrap">{plan.targetDatabase}</code>
          </label>
          <Input
            id={nameId}
            data-testid="typed-name"
            value={typed}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => {
              setTyped(event.target.value);
            }}
          />
        </div>
        {needsReason && <ReasonField value={reason} onChange={setReason} testId="restore-reason" />}
        {start.isError && <ProblemAlert error={start.error} title="The restore was not started" />}
        <StepEnd untouched={modeKeepsOf(backup.sourceKind, plan.mode)} onBack={onBack}>
          <Button
            type="primary"
            htmlType="submit"
            danger={isDangerous}
            disabled={!isReady}
            loading={isGone}
            data-testid="start-restore"
          >
            {plan.mode === 'in-place'
              ? 'Restore over the live database'
              : isDangerous
                ? 'Restore and swap'
                : 'Start the restore'}
          </Button>
        </StepEnd>
      </Form>
    </>
  );
}
