import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countReport, type Count } from '#scripts/check/test-report.ts';
import { temporaryTree } from '../../support/temporary-tree.ts';

function count(report: unknown, isGoodExit = true): Count {
  using tree = temporaryTree({});
  const path = join(tree.root, 'report.json');
  if (report !== undefined) writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return countReport(path, isGoodExit);
}
const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

describe('the count of a report', () => {
  it('adds the files up', () => {
    const testResults = [
      file('passed', 'passed', 'passed', 'pending'),
      file('failed', 'failed', 'passed', 'todo'),
    ];
    expect(count({ success: false, testResults }, false)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it.each<[string, unknown, boolean]>([
    ['no report', undefined, true],
    ['half a report', '{"success": tr', true],
    ['another kind of report', { tests: 3 }, true],
    ['no tests', { success: true, testResults: [] }, true],
  ])('is a failure for %s', (_what, report, isGoodExit) => {
    expect(count(report, isGoodExit)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('is a failure for a file that broke before its tests', () => {
    const testResults = [file('passed', 'passed'), file('failed')];
    expect(count({ success: false, testResults }, false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('is a failure when all tests passed and yet the run did not', () => {
    const testResults = [file('passed', 'passed')];
    expect(count({ success: true, testResults }, false).failed).toBe(1);
    expect(count({ success: false, testResults }, true).failed).toBe(1);
    expect(count({ success: true, testResults }, true).failed).toBe(0);
  });
});
