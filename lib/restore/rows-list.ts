import type { TableRef } from '../sources/source.ts';
import { linesOf, type Contents } from './dump-contents.ts';

/** What needs a place that a copy of a few tables' rows does not have, or is no part of it. */
const LEFT_OUT = /^(?:BLOBS?|BLOB METADATA|LARGE OBJECTS?|STATISTICS DATA|SUBSCRIPTION|EVENT TRIGGER) /;
const DATA = 'TABLE DATA ';

const oneLine = (name: string): string => name.replaceAll(/[\n\r]/g, ' ');

/**
 * The entries of a dump as `pg_restore --use-list` takes them: every definition, every position of a sequence, and the rows of
 * `tables` alone. A definition costs little, and any of them may be needed by a column, a default or a check.
 */
export function rowsList({ entries }: Contents, tables: readonly TableRef[]): string {
  const starts = tables.map(({ schema, name }) => `${DATA}${oneLine(schema)} ${oneLine(name)} `);
  // Names may hold spaces: rows of one too many cost time, rows of one too few would be missed.
  const isChosen = (text: string): boolean => starts.some((start) => `${text} `.startsWith(start));
  const list = entries.filter(({ text }) =>
    text.startsWith(DATA) ? isChosen(text) : !LEFT_OUT.test(`${text} `),
  );
  return linesOf(list);
}
