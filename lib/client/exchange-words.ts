import type { SourceKind } from '../core/source-kind.ts';

interface ExchangeWords {
  /** Where what was written since stays. */
  readonly aside: string;
  /** What those who use it notice. */
  readonly meanwhile: string;
  /** What is there after an undo, and aside before. */
  readonly before: string;
  /** Ends with how long. */
  readonly took: string;
}

const ofPath = (meanwhile: string): ExchangeWords => ({
  aside: 'what is put aside',
  meanwhile,
  before: 'what was there before',
  took: 'The exchange took',
});

/** What is said of a copy and a live one that exchange their names. */
export const exchangeWords: Record<SourceKind, ExchangeWords> = {
  postgres: {
    aside: 'the database that is put aside',
    meanwhile: 'Applications lose their connections for a moment and can reconnect at once.',
    before: 'the database as it was before',
    took: 'Connections were interrupted for',
  },
  files: ofPath('A program that has a file open goes on with the old one until it opens it again.'),
  sqlite: ofPath('Stop the application first: what has the file open would go on with the old one.'),
  redis: ofPath('Stop the server first: it writes over its file when it stops, and reads it when it starts.'),
};
