import { can } from '#lib/auth/can.ts';
import { CreateUserRequest, UserList, UserRow } from '#lib/contracts/user.ts';
import { route } from '#lib/http/route.ts';
import { createUser, listUsers } from '#lib/services/users.ts';

export const GET = route({ can: can.manageUsers, output: UserList }, ({ backend }) => listUsers(backend));

export const POST = route(
  { can: can.manageUsers, body: CreateUserRequest, output: UserRow, status: 201 },
  ({ backend, actor }, { body }) => createUser(backend, actor, body),
);
