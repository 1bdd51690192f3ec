'use client';
import { parseAsArrayOf, parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { DESTINATIONS } from '#lib/contracts/backup.ts';
import { TABLES_INTO } from '#lib/contracts/restore.ts';
import {
  OFFERED_MODES,
  RESTORE_STEPS,
  type RestoreSearch,
  type RestoreStep,
} from '#lib/client/restore-plan.ts';

const parsers = {
  backup: parseAsString,
  /** `schema.name` of the rows somebody misses. */
  table: parseAsString,
  step: parseAsStringLiteral(RESTORE_STEPS).withDefault('what'),
  mode: parseAsStringLiteral(OFFERED_MODES).withDefault('new'),
  target: parseAsString,
  destination: parseAsStringLiteral(DESTINATIONS),
  schemaOnly: parseAsBoolean.withDefault(false),
  noOwner: parseAsBoolean.withDefault(false),
  pause: parseAsBoolean.withDefault(true),
  tables: parseAsArrayOf(parseAsString).withDefault([]),
  into: parseAsStringLiteral(TABLES_INTO).withDefault('side-schema'),
  paths: parseAsArrayOf(parseAsString).withDefault([]),
  hooks: parseAsArrayOf(parseAsString).withDefault([]),
};

interface WizardSearch extends RestoreSearch {
  readonly backup: string | null;
  readonly table: string | null;
  readonly step: RestoreStep;
}

/** The URL takes lists that could be changed. */
const writable = ({ hooks, paths, tables, ...others }: Partial<WizardSearch>) => ({
  ...others,
  ...(hooks === undefined ? {} : { hooks: [...hooks] }),
  ...(paths === undefined ? {} : { paths: [...paths] }),
  ...(tables === undefined ? {} : { tables: [...tables] }),
});

/** Every choice of the wizard, kept in the URL: a reload or a link comes back to the same place. */
export function useRestoreSearch(): {
  readonly search: WizardSearch;
  /** A choice within a step. */
  readonly change: (changes: Partial<WizardSearch>) => void;
  /** Another step, which the browser's back button leaves again. */
  readonly go: (step: RestoreStep, changes?: Partial<WizardSearch>) => void;
} {
  const [search, set] = useQueryStates(parsers, { history: 'replace', scroll: false });
  return {
    search,
    change: (changes) => {
      void set(writable(changes));
    },
    go: (step, changes = {}) => {
      void set({ ...writable(changes), step }, { history: 'push', scroll: true });
    },
  };
}
