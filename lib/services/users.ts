import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type {
  ChangePasswordRequest,
  CreateUserRequest,
  UpdateUserRequest,
  UserList,
  UserRow,
} from '../contracts/user.ts';
import { hashPassword, verifyPassword } from '../platform/password.ts';
import type { Backend } from '#db/backend.ts';
import { isUniqueViolation } from '#db/errors.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  countActiveAdmins,
  findUser,
  insertUser,
  listUsers as selectUsers,
  lockAdmins,
  lockUser,
  updateUser as storeUser,
  type UserRecord,
} from '#db/queries/user.ts';

const toUserRow = (user: UserRecord): UserRow => ({
  id: user.id,
  email: user.email,
  role: user.role,
  isDisabled: user.isDisabled,
  createdAt: user.createdAt.toISOString(),
  lastSignInAt: user.lastSignInAt?.toISOString() ?? null,
});

export async function listUsers(backend: Backend): Promise<UserList> {
  return { data: (await selectUsers(backend.db)).map(toUserRow) };
}

/** Throws `conflict` for an address that is taken. */
export async function createUser(backend: Backend, actor: Actor, input: CreateUserRequest): Promise<UserRow> {
  const passwordHash = await hashPassword(input.password);
  try {
    return await backend.db.transaction(async (tx) => {
      const user = await insertUser(tx, { email: input.email, role: input.role, passwordHash });
      await addAuditEntry(tx, actor, 'user.create', user.id, { email: user.email, role: user.role });
      return toUserRow(user);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('conflict', 'email: there is a user with this address already', {
      hint: 'Change that user, or choose another address.',
      fields: { field: 'email' },
      cause: error,
    });
  }
}

/**
 * Changes role, state or password; each ends that user's sessions. Refused: changing oneself (`conflict`; the own password
 * has its own way, which asks for the old one), and leaving no active administrator (`protected`).
 */
export async function updateUser(
  backend: Backend,
  actor: Actor,
  id: string,
  input: UpdateUserRequest,
): Promise<UserRow> {
  const passwordHash = input.password === undefined ? undefined : await hashPassword(input.password);
  return backend.db.transaction(async (tx) => {
    await lockAdmins(tx);
    const before = await lockUser(tx, id);
    if (before === null) {
      throw new AppError('not_found', 'there is no user with this id', {
        hint: 'Look in the list of users for the ids that exist.',
      });
    }
    const isSelf = actor.kind === 'user' && actor.id === id;
    const changes = {
      ...(input.role === undefined || input.role === before.role ? {} : { role: input.role }),
      ...(input.isDisabled === undefined || input.isDisabled === before.isDisabled
        ? {}
        : { isDisabled: input.isDisabled }),
      ...(passwordHash === undefined ? {} : { passwordHash }),
    };
    if (Object.keys(changes).length === 0) return toUserRow(before);
    if (isSelf) {
      throw new AppError('conflict', 'your own account cannot be changed here', {
        hint: 'Another administrator can change your role or state; your password is changed on the account page.',
      });
    }
    const after = await storeUser(tx, id, changes);
    if (after === null) throw new Error('a locked user vanished');
    if ((await countActiveAdmins(tx)) === 0) {
      throw new AppError('protected', 'this is the last active administrator', {
        hint: 'Make another user an administrator first.',
      });
    }
    const actions = [
      ...(changes.role === undefined ? [] : (['user.role'] as const)),
      ...(changes.isDisabled === undefined ? [] : [changes.isDisabled ? 'user.disable' : 'user.enable']),
      ...(changes.passwordHash === undefined ? [] : (['user.reset-password'] as const)),
    ];
    for (const action of actions) {
      await addAuditEntry(tx, actor, action, id, {
        email: after.email,
        ...(action === 'user.role' ? { from: before.role, to: after.role } : {}),
      });
    }
    return toUserRow(after);
  });
}

/** Changes the actor's own password and ends all of their sessions, this one too. */
export async function changePassword(
  backend: Backend,
  actor: Actor,
  input: ChangePasswordRequest,
): Promise<{ readonly signedOut: true }> {
  const user = await findUser(backend.db, actor.id);
  if (user === null || !(await verifyPassword(input.currentPassword, user.passwordHash))) {
    throw new AppError('invalid', 'currentPassword: is not your password', {
      hint: 'Type the password you signed in with.',
      fields: { field: 'currentPassword' },
    });
  }
  const passwordHash = await hashPassword(input.newPassword);
  await backend.db.transaction(async (tx) => {
    await storeUser(tx, user.id, { passwordHash });
    await addAuditEntry(tx, actor, 'user.change-password', user.id, { email: user.email });
  });
  return { signedOut: true };
}
