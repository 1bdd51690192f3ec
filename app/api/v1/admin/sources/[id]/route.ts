import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { Source, SourceId, SourceUpdate } from '#lib/contracts/source.ts';
import { route } from '#lib/http/route.ts';
import { getSource, updateSource } from '#lib/services/sources.ts';

const params = z.object({ id: SourceId });

export const GET = route(
  { can: can.manageSources, params, output: Source },
  ({ backend }, { params: { id } }) => getSource(backend, id),
);

export const PUT = route(
  { can: can.manageSources, params, body: SourceUpdate, output: Source },
  ({ backend, actor }, { params: { id }, body }) => updateSource(backend, actor, id, body),
);
