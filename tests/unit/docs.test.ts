import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '#lib/core/errors.ts';
import { Environment } from '#lib/platform/config.ts';
import { filesOf } from '#scripts/check/source-files.ts';
import { ROOT } from '../support/temporary-tree.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
/** Cells of the rows whose first cell is one word in backticks. */
const tableRows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => /^\| *`\w+` *\|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const bare = (cell = ''): string => cell.replaceAll('`', '');

describe('docs/errors.md', () => {
  const rows = tableRows(read('docs/errors.md'));

  it('has one row for every code, in the order of the table', () => {
    expect(rows.map(([code]) => bare(code))).toEqual(Object.keys(ERRORS));
  });

  it.each(Object.entries(ERRORS))('tells the truth about %s', (code, { http, exit, retry }) => {
    const row = rows.find(([first]) => bare(first) === code);
    expect(row?.slice(2, 5)).toEqual([String(http), String(exit), retry.replace('-', ' ')]);
    expect(row?.[1]?.length).toBeGreaterThan(10);
    expect(row?.[5]).toMatch(/\.$/);
  });
});

describe('README.md', () => {
  const rows = tableRows(read('README.md'));
  const defaults = Environment.parse({}) as Record<string, string | number | boolean | string[] | undefined>;

  it('has one row for every variable, and none that nothing reads', () => {
    expect(rows.map(([name]) => bare(name)).sort()).toEqual(Object.keys(Environment.shape).sort());
  });

  it.each(Object.keys(Environment.shape))('tells the default of %s', (name) => {
    const told = rows.find(([first]) => bare(first) === name)?.[1];
    const value = defaults[name];
    const list = Array.isArray(value) ? value.join(' ') : value;
    if (name === 'BACKUP_TIMEZONE') expect(told).toBe("the machine's");
    else if (list === undefined || list === '') expect(told).toBe('—');
    else expect(told).toBe(`\`${String(list)}\``);
  });
});

describe('links', () => {
  const pages = filesOf(ROOT, /^(README\.md|docs\/.*\.md)$/);

  it.each(pages)('of %s lead to files that are there', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });
});
