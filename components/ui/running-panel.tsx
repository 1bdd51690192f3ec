'use client';
import { Button, Progress } from 'antd';
import type { ReactNode } from 'react';
import { ProblemAlert } from './problem-alert.tsx';

/** What runs now: the phase it is in, how far it has come, what else is known of it, and the way to stop it. */
export function RunningPanel({
  noun,
  label,
  id,
  name,
  phase,
  title,
  percent,
  isCancelRequested,
  cancel,
  children,
}: {
  readonly noun: 'backup' | 'restore' | 'verification' | 'drill';
  /** What a screen reader calls it. */
  readonly label: string;
  readonly id: string;
  /** Under the phase, where a page shows more than one. */
  readonly name?: ReactNode;
  readonly phase: string;
  readonly title: string;
  /** Null where it is not known. */
  readonly percent: number | null;
  readonly isCancelRequested: boolean;
  /** Null where it cannot be stopped, or not by who looks. */
  readonly cancel: { readonly isPending: boolean; readonly error: Error | null; mutate(): void } | null;
  readonly children: ReactNode;
}) {
  const isCancelling = isCancelRequested || cancel?.isPending === true;
  return (
    <section
      className="hf-running"
      aria-label={label}
      data-testid={`running-${noun}`}
      data-id={id}
      data-phase={phase}
    >
      <div className="hf-running-head">
        <div>
          <p className="hf-running-phase" role="status">
            {isCancelling ? `Cancelling the ${noun}` : title}
          </p>
          {name}
        </div>
        {cancel !== null && (
          <Button
            danger
            disabled={isCancelling}
            data-testid={`cancel-${noun}`}
            onClick={() => {
              cancel.mutate();
            }}
          >
            {isCancelling ? 'Cancelling' : `Cancel ${noun}`}
          </Button>
        )}
      </div>
      <Progress
        percent={percent ?? 0}
        status="active"
        strokeLinecap="butt"
        aria-label={`Progress: ${title}`}
        format={() => (percent === null ? '—' : `${String(percent)} %`)}
      />
      {children}
      {cancel?.error != null && <ProblemAlert error={cancel.error} title={`The ${noun} was not cancelled`} />}
    </section>
  );
}

/** What is asked for, and nobody has begun. */
export function WaitingForWorker() {
  return (
    <p className="hf-muted">
      A worker takes it within seconds, or once it is done with another. If it stays here, look at whether a
      worker is running.
    </p>
  );
}
