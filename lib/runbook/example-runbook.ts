import { DEFAULT_RUNBOOK_SETTINGS } from '../contracts/runbook.ts';
import { runbookMarkdown } from './runbook-markdown.ts';
import { EXAMPLE_NAMES } from './runbook-names.ts';

/** docs/disaster-recovery-runbook.md. */
export const exampleRunbook = (): string =>
  runbookMarkdown(
    EXAMPLE_NAMES,
    {
      contacts: [],
      escalation: DEFAULT_RUNBOOK_SETTINGS.escalation,
      communication: DEFAULT_RUNBOOK_SETTINGS.communication,
      review: DEFAULT_RUNBOOK_SETTINGS.review,
    },
    [
      'Made from `lib/runbook` by `node scripts/write-runbook.ts`; do not edit it here. The names are examples: the page `/runbook` of the console shows the same with the names, the newest proven backup and the measured restore time of your installation, keeps a tick list of who did what when, and has a button to download it. Download it every quarter and keep it where you can read it when nothing else works.',
    ],
  );
