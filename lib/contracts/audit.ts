import { z } from 'zod';

export const AuditQuery = z.strictObject({
  /** Entries older than this id: the next page. */
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditEntry = z.object({
  id: z.number(),
  at: z.iso.datetime(),
  actorKind: z.enum(['user', 'token', 'cli', 'worker']),
  actorName: z.string(),
  /** `<noun>.<verb>`: backup.create, backup.delete, user.disable, token.revoke, … */
  action: z.string(),
  subjectId: z.string().nullable(),
  address: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
export const AuditList = z.object({ data: z.array(AuditEntry), nextBefore: z.number().nullable() });
export type AuditList = z.infer<typeof AuditList>;
