import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { SourceId, SourceProbeAnswer } from '#lib/contracts/source.ts';
import { route } from '#lib/http/route.ts';
import { testSource } from '#lib/services/source-questions.ts';

export const POST = route(
  { can: can.manageSources, params: z.object({ id: SourceId }), output: SourceProbeAnswer },
  ({ backend, actor }, { params }) => testSource(backend, actor, params.id),
);
