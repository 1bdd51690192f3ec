'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import { CreateUserRequest, UpdateUserRequest, UserId, type UserRow } from '#lib/contracts/user.ts';
import { runAction } from '#lib/http/action.ts';
import { createUser, updateUser } from '#lib/services/users.ts';

export async function createUserAction(input: CreateUserRequest): Promise<ActionResult<UserRow>> {
  return runAction({ can: can.manageUsers, input: CreateUserRequest }, input, createUser);
}

/** Role, disabling and a new password each sign that user out everywhere. */
export async function updateUserAction(id: string, input: UpdateUserRequest): Promise<ActionResult<UserRow>> {
  return runAction(
    { can: can.manageUsers, input: z.object({ id: UserId, changes: UpdateUserRequest }) },
    { id, changes: input },
    (backend, actor, { id: userId, changes }) => updateUser(backend, actor, userId, changes),
  );
}
