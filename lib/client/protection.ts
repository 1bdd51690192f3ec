/** No backup may be deleted in its first 24 hours (4-ims.md BR-007). */
const PROTECTED_HOURS = 24;

export const deletableAt = (createdAt: string): Date =>
  new Date(new Date(createdAt).getTime() + PROTECTED_HOURS * 3_600_000);
