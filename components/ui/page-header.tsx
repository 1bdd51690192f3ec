import type { ReactNode } from 'react';

/** A page's one h1, a sentence under it, and its main action. */
export function PageHeader({
  title,
  lead,
  action,
}: {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <header className="hf-page-header">
      <div>
        <h1>{title}</h1>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      {action !== undefined && <div className="hf-page-action">{action}</div>}
    </header>
  );
}
