import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Source, SourceId } from '#lib/contracts/source.ts';
import { route } from '#lib/http/route.ts';
import { setSourceEnabled } from '#lib/services/sources.ts';

export const POST = route(
  { can: can.manageSources, params: z.object({ id: SourceId }), output: Source },
  ({ backend, actor }, { params }) => setSourceEnabled(backend, actor, params.id, true),
);
