import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';

/** Where the rows of `schema.name` over time are shown; the environment's own source needs no name. */
export function timelineHref(sourceId: string, table: string): string {
  const of = sourceId === ENVIRONMENT_SOURCE_ID ? '' : `source=${sourceId}&`;
  return `/tables?${of}table=${encodeURIComponent(table)}`;
}
