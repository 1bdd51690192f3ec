'use client';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { VERDICTS, type Verdict } from '#lib/contracts/verification.ts';

export const checkSearchParsers = {
  find: parseAsString.withDefault(''),
  verdict: parseAsStringLiteral(VERDICTS),
};

interface CheckSearch {
  readonly find: string;
  /** Null is all. */
  readonly verdict: Verdict | null;
}

/** What is looked for in a list of checks or tables, kept in the URL as `?find=…&verdict=…`. */
export function useCheckSearch(): readonly [CheckSearch, (changes: Partial<CheckSearch>) => void] {
  const [search, set] = useQueryStates(checkSearchParsers, { history: 'replace', scroll: false });
  return [
    search,
    (changes) => {
      void set(changes);
    },
  ];
}
