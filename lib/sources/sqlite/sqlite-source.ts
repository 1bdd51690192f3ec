import type { Config, SqlitePlace } from '../../platform/config.ts';
import type { Source } from '../source.ts';

export function createSqliteSource(_config: Config, place: SqlitePlace): Source {
  throw new TypeError(`${place.kind}: not there yet`);
}
