import Link from 'next/link';
import type { CompareSelection } from './use-compare-selection.ts';

/** What ticking backups leads to; nothing while none is ticked. */
export function CompareBar({ selection }: { readonly selection: CompareSelection }) {
  if (selection.count === 0) return null;
  return (
    <p className="hf-compare-bar" role="status" data-testid="compare-bar">
      {selection.href === null ? (
        'Tick one more backup of this source to compare the two.'
      ) : (
        <>
          Two backups are ticked.{' '}
          <Link href={selection.href} className="hf-link" data-testid="compare-selected">
            Compare them
          </Link>
        </>
      )}
    </p>
  );
}
