import { pgEnum } from 'drizzle-orm/pg-core';
import { ENVIRONMENTS } from '../../lib/contracts/restore.ts';

export const environmentKind = pgEnum('environment_kind', ENVIRONMENTS);
