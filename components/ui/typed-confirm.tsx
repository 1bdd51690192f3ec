'use client';
import { Form, Input } from 'antd';
import { useId, useState, type ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { ProblemAlert } from './problem-alert.tsx';

/** Asks for a name before something is destroyed or exchanged; the button works only when the name is exact. */
export function TypedConfirm({
  title,
  loss,
  name,
  nameWord = 'the name',
  actionLabel,
  cancelLabel = 'Keep it',
  isComplete = true,
  isPending,
  error,
  onConfirm,
  onCancel,
}: {
  readonly title: string;
  /** What will be lost and how much. */
  readonly loss: ReactNode;
  readonly name: string;
  /** What it is: "the path". */
  readonly nameWord?: string;
  readonly actionLabel: string;
  readonly cancelLabel?: string;
  /** What else `loss` asks for was given. */
  readonly isComplete?: boolean;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onConfirm: (typedName: string) => void;
  readonly onCancel: () => void;
}) {
  const [typed, setTyped] = useState('');
  const id = useId();
  const isReady = isComplete && typed.trim() === name;
  const confirm = () => {
    if (isReady && !isPending) onConfirm(typed.trim());
  };
  return (
    <Dialog
      title={title}
      okText={actionLabel}
      okButtonProps={{
        danger: true,
        disabled: !isReady,
        loading: isPending,
        'data-testid': 'confirm-delete',
      }}
      cancelText={cancelLabel}
      onOk={confirm}
      onCancel={onCancel}
    >
      <div className="hf-stack">
        <div>{loss}</div>
        <Form layout="vertical" onFinish={confirm} component="form">
          <label htmlFor={id} className="hf-label">
            To confirm, type {nameWord} <code className="hf-wrap">{name}</code>
          </label>
          <Input
            id={id}
            data-testid="typed-name"
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => {
              setTyped(event.target.value);
            }}
          />
        </Form>
        {error !== null && error !== undefined && <ProblemAlert error={error} />}
      </div>
    </Dialog>
  );
}
