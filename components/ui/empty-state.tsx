import type { ReactNode } from 'react';

/** Nothing here, why, and the next step. */
export function EmptyState({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="hf-empty" data-testid="empty">
      <p className="hf-empty-title">{title}</p>
      <div className="hf-empty-text">{children}</div>
      {action}
    </div>
  );
}
