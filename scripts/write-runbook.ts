import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exampleRunbook } from '#lib/runbook/example-runbook.ts';

/** Prints lib/runbook with example names into docs/; a unit test says when this is to be run again. */
writeFileSync(
  fileURLToPath(new URL('../docs/disaster-recovery-runbook.md', import.meta.url)),
  exampleRunbook(),
);
