import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { UpdateUserRequest, UserId, UserRow } from '#lib/contracts/user.ts';
import { route } from '#lib/http/route.ts';
import { updateUser } from '#lib/services/users.ts';

export const PATCH = route(
  { can: can.manageUsers, params: z.object({ id: UserId }), body: UpdateUserRequest, output: UserRow },
  ({ backend, actor }, { params, body }) => updateUser(backend, actor, params.id, body),
);
