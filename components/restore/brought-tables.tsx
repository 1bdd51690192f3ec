import type { Restore } from '#lib/contracts/restore.ts';
import { Section } from '#components/ui/section.tsx';

const START = 'brought:';

/** Table by table what came in, and where the rows are that were there before. */
export function BroughtTables({ restore }: { readonly restore: Restore }) {
  const brought = restore.checks.filter(({ name }) => name.startsWith(START));
  if (restore.mode !== 'tables' || brought.length === 0) return null;
  return (
    <Section name="brought" title="What came in">
      <dl className="hf-restore-facts" data-testid="brought-tables">
        {brought.map(({ name, found }) => (
          <div key={name}>
            <dt className="hf-wrap">{name.slice(START.length)}</dt>
            <dd className="hf-wrap">{found}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
