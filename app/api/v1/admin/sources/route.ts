import { can } from '#lib/auth/can.ts';
import { Source, SourceCreate, SourceList } from '#lib/contracts/source.ts';
import { route } from '#lib/http/route.ts';
import { createSource, listSources } from '#lib/services/sources.ts';

export const GET = route({ can: can.manageSources, output: SourceList }, ({ backend }) =>
  listSources(backend),
);

export const POST = route(
  { can: can.manageSources, body: SourceCreate, output: Source, status: 201 },
  ({ backend, actor }, { body }) => createSource(backend, actor, body),
);
