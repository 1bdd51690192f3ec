import { can } from '#lib/auth/can.ts';
import { Overview, OverviewQuery } from '#lib/contracts/overview.ts';
import { route } from '#lib/http/route.ts';
import { readOverview } from '#lib/services/overview.ts';

export const GET = route(
  { can: can.seeOverview, query: OverviewQuery, output: Overview },
  ({ backend }, { query }) => readOverview(backend, query),
);
