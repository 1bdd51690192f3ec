import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const Report = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

/**
 * What a vitest JSON report counts. No report, no tests, a file that failed before its tests, or a run that failed with
 * all tests passed: each counts as a failure, because none of them proves anything.
 */
export function countReport(path: string, isGoodExit: boolean): Count {
  const nothing = { passed: 0, failed: 1, skipped: 0 };
  if (!existsSync(path)) return nothing;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return nothing;
  }
  const report = Report.safeParse(json);
  if (!report.success) return nothing;
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.data.testResults) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') count.passed += 1;
      else if (status === 'failed') failedHere += 1;
      else count.skipped += 1;
    }
    count.failed += failedHere === 0 && file.status === 'failed' ? 1 : failedHere;
  }
  const isEmpty = count.passed + count.failed + count.skipped === 0;
  const isSilent = count.failed === 0 && (!isGoodExit || !report.data.success);
  return isEmpty || isSilent ? { ...count, failed: count.failed + 1 } : count;
}
