import { Button } from 'antd';
import Link from 'next/link';
import type { Restore } from '#lib/contracts/restore.ts';
import { wayBackHref } from '#lib/client/restore-plan.ts';
import { Section } from '#components/ui/section.tsx';

/** After a restore in place: the safety backup, over the same database. */
export function WayBackSection({ restore }: { readonly restore: Restore }) {
  const href = wayBackHref(restore);
  if (href === null) return null;
  return (
    <Section name="way-back" title="The way back">
      <div className="hf-stack">
        <p>
          The safety backup <span className="hf-wrap">{restore.safetyBackup?.filename}</span> holds{' '}
          <strong className="hf-wrap">{restore.targetDatabase}</strong> as it was before. Restoring it over
          the database in use brings that back; what was written since this restore is then in the safety
          backup that is taken first.
        </p>
        <p className="hf-muted">You see what would happen, and type the name, before anything is changed.</p>
        <div className="hf-exchange-buttons">
          <Link href={href} data-testid="way-back">
            <Button tabIndex={-1}>Restore the safety backup</Button>
          </Link>
        </div>
      </div>
    </Section>
  );
}
