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
  actionLabel,
  cancelLabel = 'Keep it',
  isPending,
  error,
  onConfirm,
  onCancel,
}: {
  readonly title: string;
  /** What will be lost and how much. */
  readonly loss: ReactNode;
  readonly name: string;
  readonly actionLabel: string;
  readonly cancelLabel?: string;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onConfirm: (typedName: string) => void;
  readonly onCancel: () => void;
}) {
  const [typed, setTyped] = useState('');
  const id = useId();
  const isExact = typed.trim() === name;
  const confirm = () => {
    if (isExact && !isPending) onConfirm(typed.trim());
  };
  return (
    <Dialog
      title={title}
      okText={actionLabel}
      okButtonProps={{
        danger: true,
        disabled: !isExact,
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
            To confirm, type the name <code className="hf-wrap">{name}</code>
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
