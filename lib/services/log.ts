import type { LogState } from '../contracts/log.ts';
import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';
import type { Config } from '../platform/config.ts';
import type { Backend } from '#db/backend.ts';
import { findLogReading } from '#db/queries/log.ts';
import { toRunError } from './backup-row.ts';

/** Only of the environment's server: `BACKUP_WAL_PATH` is the folder of one. */
export const keepsLog = ({ walPath }: Pick<Config, 'walPath'>, sourceId: string): boolean =>
  walPath !== null && sourceId === ENVIRONMENT_SOURCE_ID;

/** GET /api/v1/admin/log. */
export async function readLogState({ config, db }: Backend): Promise<LogState> {
  const isKept = keepsLog(config, ENVIRONMENT_SOURCE_ID);
  const found = isKept ? await findLogReading(db, ENVIRONMENT_SOURCE_ID) : null;
  return {
    isKept,
    readAt: found?.readAt.toISOString() ?? null,
    reading: found?.reading ?? null,
    error: found === null ? null : toRunError(found),
  };
}
