import type { ReactNode } from 'react';

/** A page that says one thing: not found, not allowed, broken. */
export function MessagePage({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action: ReactNode;
}) {
  return (
    <div className="hf-page">
      <div className="hf-message-page">
        <h1>{title}</h1>
        <div className="hf-muted">{children}</div>
        {action}
      </div>
    </div>
  );
}
