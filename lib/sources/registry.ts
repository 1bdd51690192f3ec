import type { Config } from '../platform/config.ts';
import { createPostgresSource } from './postgres/postgres-source.ts';
import type { Source } from './source.ts';

/** The only way to a source. Connects to nothing by itself. */
export function openSource(config: Config): Source {
  return createPostgresSource(config);
}
