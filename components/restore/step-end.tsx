'use client';
import { Button } from 'antd';
import type { ReactNode } from 'react';

/** What a step leaves alone, in one line above its buttons; then back, and `children` to go on. */
export function StepEnd({
  untouched,
  onBack,
  children,
}: {
  readonly untouched: string;
  readonly onBack: (() => void) | null;
  readonly children: ReactNode;
}) {
  return (
    <div className="hf-step-end">
      <p className="hf-untouched">{untouched}</p>
      <div className="hf-step-buttons">
        {onBack !== null && <Button onClick={onBack}>Back</Button>}
        {children}
      </div>
    </div>
  );
}
