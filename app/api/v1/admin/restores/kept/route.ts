import { can } from '#lib/auth/can.ts';
import { KeptCopies } from '#lib/contracts/kept-copy.ts';
import { route } from '#lib/http/route.ts';
import { listKeptCopies } from '#lib/services/kept-copies.ts';

export const GET = route({ can: can.manageBackups, output: KeptCopies }, ({ backend, actor }) =>
  listKeptCopies(backend, actor),
);
