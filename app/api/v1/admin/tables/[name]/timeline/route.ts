import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { TableTimeline, TimelineQuery, TimelineTable } from '#lib/contracts/timeline.ts';
import { route } from '#lib/http/route.ts';
import { tableTimeline } from '#lib/services/timeline.ts';

export const GET = route(
  {
    can: can.manageBackups,
    params: z.object({ name: TimelineTable }),
    query: TimelineQuery,
    output: TableTimeline,
  },
  ({ backend }, { params, query }) => tableTimeline(backend, params.name, query),
);
