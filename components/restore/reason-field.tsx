import { Input } from 'antd';
import { useId } from 'react';

/** Asks why, where a restore touches production. */
export function ReasonField({
  value,
  onChange,
  testId,
}: {
  readonly value: string;
  readonly onChange: (reason: string) => void;
  readonly testId: string;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="hf-label">
        Why (this is production; the audit log keeps the reason)
      </label>
      <Input.TextArea
        id={id}
        data-testid={testId}
        rows={2}
        maxLength={500}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
    </div>
  );
}
