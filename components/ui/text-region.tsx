import type { ReactNode } from 'react';

/** More of it would freeze the page; the rest is in what can be copied or downloaded. */
const SHOWN_MAX = 200_000;

/** A long text in a region of its own that scrolls and takes focus; long lines wrap. */
export function TextRegion({
  label,
  text,
  actions,
}: {
  readonly label: string;
  readonly text: string;
  readonly actions: ReactNode;
}) {
  const isCut = text.length > SHOWN_MAX;
  return (
    <div className="hf-stack">
      <div className="hf-row">{actions}</div>
      <pre className="hf-text-region" role="region" aria-label={label} tabIndex={0}>
        <code>{isCut ? text.slice(0, SHOWN_MAX) : text}</code>
      </pre>
      {isCut && (
        <p className="hf-muted">
          Only the beginning is shown. Copy or download it to see all of its{' '}
          {text.length.toLocaleString('en')} characters.
        </p>
      )}
    </div>
  );
}
