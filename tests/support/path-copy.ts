import type { Check } from '#lib/contracts/verification.ts';
import { DUMP_FORMATS, type Manifest } from '#lib/contracts/manifest.ts';
import { systemClock } from '#lib/core/clock.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import type { AppError } from '#lib/core/errors.ts';
import type { PathCopy, ScratchContext } from '#lib/sources/source.ts';
import { factsContext } from './facts.ts';

/** What a copy reports, in its order. */
export interface Reported {
  readonly checks: Check[];
  readonly errors: AppError[];
  readonly ctx: ScratchContext;
}

export function reporting(signal: AbortSignal = new AbortController().signal): Reported {
  const checks: Check[] = [];
  const errors: AppError[] = [];
  return {
    checks,
    errors,
    ctx: {
      ...factsContext(signal),
      clock: systemClock,
      say: () => undefined,
      report: (check, error) => {
        checks.push(check);
        if (error !== undefined) errors.push(error);
      },
    },
  };
}

/** The checks of a copy of everything that did not pass, by name with verdict. */
export async function faultsOf(
  copy: PathCopy,
  at: string,
  manifest: Manifest,
): Promise<Readonly<Record<string, Check['verdict']>>> {
  const { ctx, checks } = reporting();
  await copy.compare(ctx, at, manifest, { paths: null });
  return Object.fromEntries(
    checks.filter(({ verdict }) => verdict !== 'PASSED').map(({ name, verdict }) => [name, verdict]),
  );
}

/** A manifest of which only kind and facts matter. */
export const manifestWith = (
  kind: Exclude<SourceKind, 'postgres'>,
  facts: Manifest['facts'],
  productVersion = '3.0',
): Manifest => ({
  format: 1,
  id: 'of-a-test',
  holdfastVersion: '0',
  source: { kind, productVersion, database: 'of a test', dumpFormat: DUMP_FORMATS[kind] },
  archive: 'of-a-test',
  tiers: ['MANUAL'],
  description: null,
  takenAt: '2026-01-01T00:00:00.000Z',
  snapshot: null,
  tools: {},
  stages: [],
  options: { tables: null, excludedTables: [], schemaOnly: false, files: null },
  plain: { bytes: 1, sha256: '0'.repeat(64) },
  stored: { bytes: 1, sha256: '0'.repeat(64) },
  encryption: null,
  facts,
});
