import { can } from '#lib/auth/can.ts';
import { Overview } from '#lib/contracts/overview.ts';
import { route } from '#lib/http/route.ts';
import { readOverview } from '#lib/services/overview.ts';

export const GET = route({ can: can.seeOverview, output: Overview }, ({ backend }) => readOverview(backend));
