'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { cancelRestoreAction, swapRestoreAction, undoRestoreAction } from '#app/actions/restore.ts';
import type { Restore } from '#lib/contracts/restore.ts';
import { exchangeWords } from '#lib/client/exchange-words.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { typedWord } from '#lib/client/restore-kind-words.ts';
import { interruptionText, restoreLookOf } from '#lib/client/restore-words.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { TypedConfirm } from '#components/ui/typed-confirm.tsx';

const ways = {
  swap: {
    title: 'Swap the restored copy in?',
    label: 'Swap now',
    run: swapRestoreAction,
  },
  undo: {
    title: 'Swap back?',
    label: 'Swap back now',
    run: undoRestoreAction,
  },
} as const;
type Way = keyof typeof ways;

function Consequence({ way, restore }: { readonly way: Way; readonly restore: Restore }) {
  const target = <strong className="hf-wrap">{restore.targetDatabase}</strong>;
  const words = exchangeWords[restore.sourceKind];
  return (
    <div className="hf-stack">
      {way === 'swap' ? (
        <p>
          {target} becomes the restored copy. What was written since that backup stays in {words.aside}, and
          is not in the copy.
        </p>
      ) : (
        <p>
          {target} becomes again what it was before the swap. What was written since the swap stays in the
          restored copy, which is put aside and kept.
        </p>
      )}
      <p className="hf-muted">{words.meanwhile} Nothing is deleted, and you can swap again.</p>
    </div>
  );
}

function ExchangeButton({
  way,
  restore,
  isPrimary,
  children,
}: {
  readonly way: Way;
  readonly restore: Restore;
  readonly isPrimary: boolean;
  readonly children: ReactNode;
}) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const exchange = useMutation({
    mutationFn: (confirm: string) => unwrapAction(ways[way].run(restore.id, { confirm })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queryKeys.restores.all });
      setAsking(false);
    },
  });
  return (
    <>
      <Button
        type={isPrimary ? 'primary' : 'default'}
        data-testid={`ask-${way}`}
        onClick={() => {
          exchange.reset();
          setAsking(true);
        }}
      >
        {children}
      </Button>
      {isAsking && (
        <TypedConfirm
          title={ways[way].title}
          loss={<Consequence way={way} restore={restore} />}
          name={restore.targetDatabase}
          nameWord={typedWord(restore.sourceKind)}
          actionLabel={ways[way].label}
          cancelLabel="Not now"
          isPending={exchange.isPending}
          error={exchange.error}
          onConfirm={(typed) => {
            exchange.mutate(typed);
          }}
          onCancel={() => {
            setAsking(false);
          }}
        />
      )}
    </>
  );
}

/** A copy nobody needs: removed by its restore's cancel. */
function GiveUp({ restore }: { readonly restore: Restore }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => unwrapAction(cancelRestoreAction(restore.id)),
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.restores.all }),
  });
  const isGoing = cancel.isPending || restore.progress?.cancelRequested === true;
  return (
    <>
      <Button
        type="text"
        className="hf-quiet-danger"
        disabled={isGoing}
        data-testid="give-up-copy"
        onClick={() => {
          cancel.mutate();
        }}
      >
        {isGoing ? 'Removing the copy' : 'Give the copy up'}
      </Button>
      {cancel.isError && <ProblemAlert error={cancel.error} title="The copy was not removed" />}
    </>
  );
}

/** What stands in which database, and the exchange that can be asked for now. */
export function ExchangeSection({ restore }: { readonly restore: Restore }) {
  const { swap, targetDatabase, copyDatabase } = restore;
  const words = exchangeWords[restore.sourceKind];
  const look = restoreLookOf(restore);
  if (look === 'ready') {
    return (
      <Section name="exchange" title="Swap it in, or give it up">
        <div className="hf-stack" data-testid="ready-to-swap">
          <p>
            Until you decide, <strong className="hf-wrap">{targetDatabase}</strong> stays in use as it is. A
            copy that is given up is removed; the backup stays.
          </p>
          <div className="hf-exchange-buttons">
            {restore.canSwap && (
              <ExchangeButton way="swap" restore={restore} isPrimary>
                Swap it in
              </ExchangeButton>
            )}
            <GiveUp restore={restore} />
          </div>
        </div>
      </Section>
    );
  }
  if (swap === null) return null;
  const isUndone = swap.undoneAt !== null;
  const isMoving = restore.status === 'IN_PROGRESS';
  return (
    <Section name="exchange" title="The swap">
      <div className="hf-stack" data-testid="swap" data-undone={isUndone}>
        <dl className="hf-where">
          <div>
            <dt>
              <code className="hf-wrap">{targetDatabase}</code> <span className="hf-muted">in use</span>
            </dt>
            <dd>{isUndone ? words.before : 'the restored copy'}</dd>
          </div>
          <div>
            <dt>
              <code className="hf-wrap">{isUndone ? (copyDatabase ?? '–') : swap.keptDatabase}</code>{' '}
              <span className="hf-muted">kept aside</span>
            </dt>
            <dd>{isUndone ? 'the restored copy' : words.before}</dd>
          </div>
        </dl>
        <p>
          Swapped <Instant at={swap.swappedAt} as="calendar" />. {words.took}{' '}
          <strong data-testid="interruption" data-ms={swap.interruptionMs ?? undefined}>
            {interruptionText(swap.interruptionMs)}
          </strong>
          {swap.undoneAt !== null && (
            <>
              . Swapped back <Instant at={swap.undoneAt} as="calendar" />
            </>
          )}
          .
        </p>
        {!isMoving && (
          <div className="hf-exchange-buttons">
            {restore.canSwap && (
              <ExchangeButton way="swap" restore={restore} isPrimary={false}>
                Swap again
              </ExchangeButton>
            )}
            {swap.canUndo && (
              <ExchangeButton way="undo" restore={restore} isPrimary={false}>
                Undo the swap
              </ExchangeButton>
            )}
          </div>
        )}
        {!isMoving && !isUndone && !swap.canUndo && (
          <p className="hf-muted">
            What was put aside is not there any more, so this cannot be undone. Restoring an earlier backup is
            the way back.
          </p>
        )}
      </div>
    </Section>
  );
}
