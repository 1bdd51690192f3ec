'use client';
import type { ReactNode } from 'react';

/** A card that shows its heading alone until it is opened; `name` is the id that heading and links share. */
export function Fold({
  name,
  title,
  extra,
  isOpen,
  onToggle,
  children,
}: {
  readonly name: string;
  readonly title: string;
  readonly extra: ReactNode;
  readonly isOpen: boolean;
  readonly onToggle: (name: string, isOpen: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <section aria-labelledby={name} className="hf-section">
      <details
        className="hf-chapter"
        open={isOpen}
        onToggle={(event) => {
          onToggle(name, event.currentTarget.open);
        }}
      >
        <summary>
          <span className="hf-chapter-head">
            <h2 id={name}>{title}</h2>
            <span className="hf-muted">{extra}</span>
          </span>
        </summary>
        <div className="hf-chapter-body">{children}</div>
      </details>
    </section>
  );
}
