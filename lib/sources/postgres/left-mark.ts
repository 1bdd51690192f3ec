import { z } from 'zod';
import { doneMark } from './stage-tables.ts';

/** Of the fingerprints in marks. Another would call every table changed that an earlier version of Holdfast left. */
export const LEFT_VERSION = 1;

/** A live table as a restore left it. */
const LeftTable = z.object({
  schema: z.string(),
  name: z.string(),
  /** How many tables were replaced together. */
  of: z.number(),
  rows: z.number(),
  fingerprint: z.string(),
});
export type LeftTable = z.infer<typeof LeftTable>;

/** The comment on the table that keeps the rows from before: so it is there exactly when they are. */
export const leftMark = (id: string, left: LeftTable): string => `${doneMark(id)}: ${JSON.stringify(left)}`;

/** Null for a comment that is not such a mark of this restore. */
export function readLeftMark(id: string, comment: string | null): LeftTable | null {
  const start = `${doneMark(id)}: `;
  if (comment?.startsWith(start) !== true) return null;
  try {
    return LeftTable.parse(JSON.parse(comment.slice(start.length)));
  } catch {
    return null;
  }
}
