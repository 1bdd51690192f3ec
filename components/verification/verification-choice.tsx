'use client';
import { Select } from 'antd';
import { useId } from 'react';
import type { VerificationSummary } from '#lib/contracts/verification.ts';
import { calendarInstant } from '#lib/client/instants.ts';
import { useNow } from '#lib/client/use-now.ts';
import { causeWord, depthWord, verificationStatusWord } from '#lib/client/verification-words.ts';

/** Which of a backup's verifications is shown, newest first. */
export function VerificationChoice({
  verifications,
  value,
  onChange,
}: {
  readonly verifications: readonly VerificationSummary[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}) {
  const id = useId();
  const now = useNow();
  if (now === null || verifications.length < 2) return null;
  return (
    <div className="hf-choose">
      <label htmlFor={id} className="hf-muted">
        Verification
      </label>
      <Select
        id={id}
        className="hf-choose-select"
        data-testid="choose-verification"
        value={value}
        onChange={onChange}
        options={verifications.map(({ id: each, createdAt, depth, status, cause }) => ({
          value: each,
          label: `${calendarInstant(new Date(createdAt), now)}: ${depthWord[depth]}, ${verificationStatusWord[status].toLowerCase()} (${causeWord[cause]})`,
        }))}
      />
    </div>
  );
}
