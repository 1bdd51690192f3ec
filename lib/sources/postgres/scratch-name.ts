import { stampedName } from '../../core/database-name.ts';

export const scratchName = (database: string, at: Date): string => stampedName(database, 'verify', at);

/** Whether a database may be scratch by its name; only its comment says that it is. */
export const isScratchName = (name: string): boolean => /_verify_\d{14}$/.test(name);

/** The comment that marks a scratch database as ours, and says whose it is. */
export const scratchComment = (id: string): string => `holdfast verification ${id}`;
export const scratchOwner = (comment: string): string | null =>
  /^holdfast verification ([0-9a-f-]{36})$/.exec(comment)?.[1] ?? null;
