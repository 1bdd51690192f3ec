import { can } from '#lib/auth/can.ts';
import { DroppedCopy, DropKeptCopy } from '#lib/contracts/kept-copy.ts';
import { route } from '#lib/http/route.ts';
import { dropKeptCopy } from '#lib/services/kept-copies.ts';

export const POST = route(
  { can: can.manageBackups, body: DropKeptCopy, output: DroppedCopy },
  ({ backend, actor }, { body }) => dropKeptCopy(backend, actor, body),
);
