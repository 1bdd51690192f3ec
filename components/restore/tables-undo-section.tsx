'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Checkbox } from 'antd';
import { useState } from 'react';
import { undoRestoreAction } from '#app/actions/restore.ts';
import type { Restore, UndoRequest } from '#lib/contracts/restore.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { FactList } from '#components/ui/fact-list.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { Section } from '#components/ui/section.tsx';
import { TypedConfirm } from '#components/ui/typed-confirm.tsx';
import { ReasonField } from './reason-field.tsx';

type TablesUndo = NonNullable<Restore['tablesUndo']>;

/** What an undo found that was written since, table by table. */
function Changed({ changed }: Pick<TablesUndo, 'changed'>) {
  return (
    <FactList
      testId="changed-tables"
      facts={changed.map(({ table, left, now }) => [table, `${left} as the restore left it, ${now} now`])}
    />
  );
}

function UndoDialog({
  restore,
  changed,
  onClose,
}: {
  readonly restore: Restore;
  readonly changed: TablesUndo['changed'];
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [acceptsChanges, setAcceptsChanges] = useState(false);
  const undo = useMutation({
    mutationFn: (request: UndoRequest) => unwrapAction(undoRestoreAction(restore.id, request)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queryKeys.restores.all });
      onClose();
    },
  });
  const needsReason = restore.environment === 'production';
  const hasChanges = changed.length > 0;
  const target = <strong className="hf-wrap">{restore.targetDatabase}</strong>;
  return (
    <TypedConfirm
      title="Put the rows from before back?"
      loss={
        <div className="hf-stack">
          <p>
            The tables of {target} hold again the rows from before this restore, in one transaction: all of
            them or none. What stands there now is not deleted: it is put into a schema of its own. A table
            that was not there before the restore stays. Who wants to write to these tables waits meanwhile.
          </p>
          {hasChanges ? (
            <>
              <p>Rows were written since the restore. They leave the live tables, too:</p>
              <Changed changed={changed} />
              <Checkbox
                checked={acceptsChanges}
                data-testid="accept-changes"
                onChange={({ target: { checked } }) => {
                  setAcceptsChanges(checked);
                }}
              >
                Put them aside with the restored rows
              </Checkbox>
            </>
          ) : (
            <p className="hf-muted">
              Where rows were written since the restore, nothing is touched; they are named here first.
            </p>
          )}
          {needsReason && <ReasonField value={reason} onChange={setReason} testId="undo-reason" />}
        </div>
      }
      name={restore.targetDatabase}
      actionLabel="Undo now"
      cancelLabel="Not now"
      isComplete={(!hasChanges || acceptsChanges) && (!needsReason || reason.trim() !== '')}
      isPending={undo.isPending}
      error={undo.error}
      onConfirm={(confirm) => {
        undo.mutate({
          confirm,
          acceptsChanges,
          ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        });
      }}
      onCancel={onClose}
    />
  );
}

/** The way back from tables that were replaced: their rows from before stand in a schema of their own. */
export function TablesUndoSection({ restore }: { readonly restore: Restore }) {
  const [isAsking, setAsking] = useState(false);
  const { tablesUndo, sideSchema, targetDatabase } = restore;
  if (tablesUndo === null) return null;
  const { canUndo, undoneAt, changed } = tablesUndo;
  const schema = <code className="hf-wrap">{sideSchema}</code>;
  return (
    <Section name="undo" title="The way back">
      <div className="hf-stack" data-testid="tables-undo" data-undone={undoneAt !== null}>
        {undoneAt !== null ? (
          <p>
            Undone <Instant at={undoneAt} as="calendar" />. What stood in the tables until then, the restored
            rows among it, is in the schema {schema} of <strong className="hf-wrap">{targetDatabase}</strong>.
          </p>
        ) : canUndo ? (
          <>
            <p>
              The rows from before stand in the schema {schema} and can be put back. What stands in the tables
              now is kept then.
            </p>
            {changed.length > 0 && (
              <>
                <p>The last undo was stopped, because rows were written since the restore:</p>
                <Changed changed={changed} />
              </>
            )}
            <div className="hf-exchange-buttons">
              <Button
                data-testid="ask-undo-tables"
                onClick={() => {
                  setAsking(true);
                }}
              >
                {changed.length > 0 ? 'Undo all the same' : 'Undo the restore'}
              </Button>
            </div>
          </>
        ) : (
          <p className="hf-muted">
            The rows that were put aside are not there any more, so this cannot be undone. Restoring an
            earlier backup of these tables is the way back.
          </p>
        )}
      </div>
      {isAsking && (
        <UndoDialog
          restore={restore}
          changed={changed}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </Section>
  );
}
