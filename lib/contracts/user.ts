import { z } from 'zod';
import { ROLES } from '../core/actor.ts';

export const UserId = z.uuid();
export const Role = z.enum(ROLES);

/** Stored in lower case. */
export const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());
/** Length is the only rule (NIST SP 800-63B §3.1.1.2). */
export const Password = z.string().min(12, 'must have at least 12 characters').max(256);

export const UserRow = z.object({
  id: UserId,
  email: z.string(),
  role: Role,
  isDisabled: z.boolean(),
  createdAt: z.iso.datetime(),
  lastSignInAt: z.iso.datetime().nullable(),
});
export type UserRow = z.infer<typeof UserRow>;
export const UserList = z.object({ data: z.array(UserRow) });
export type UserList = z.infer<typeof UserList>;

export const CreateUserRequest = z.strictObject({ email: Email, password: Password, role: Role });
export type CreateUserRequest = z.infer<typeof CreateUserRequest>;
/** Changing role, disabling and resetting sign that user out everywhere. */
export const UpdateUserRequest = z.strictObject({
  role: Role.optional(),
  isDisabled: z.boolean().optional(),
  password: Password.optional(),
});
export type UpdateUserRequest = z.infer<typeof UpdateUserRequest>;
export const ChangePasswordRequest = z.strictObject({
  currentPassword: z.string().min(1).max(256),
  newPassword: Password,
});
export type ChangePasswordRequest = z.infer<typeof ChangePasswordRequest>;
