import type { Restore } from '#lib/contracts/restore.ts';
import { FactList } from '#components/ui/fact-list.tsx';
import { Section } from '#components/ui/section.tsx';

const START = 'brought:';

/** Table by table what came in, and where the rows are that were there before. */
export function BroughtTables({ restore }: { readonly restore: Restore }) {
  const brought = restore.checks.filter(({ name }) => name.startsWith(START));
  if (restore.mode !== 'tables' || brought.length === 0) return null;
  return (
    <Section name="brought" title="What came in">
      <FactList
        testId="brought-tables"
        facts={brought.map(({ name, found }) => [name.slice(START.length), found])}
      />
    </Section>
  );
}
