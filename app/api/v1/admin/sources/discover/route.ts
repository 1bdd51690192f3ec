import { can } from '#lib/auth/can.ts';
import { DiscoveredDatabases, DiscoverRequest } from '#lib/contracts/source.ts';
import { route } from '#lib/http/route.ts';
import { discoverDatabases } from '#lib/services/source-questions.ts';

export const POST = route(
  { can: can.manageSources, body: DiscoverRequest, output: DiscoveredDatabases },
  ({ backend, actor }, { body }) => discoverDatabases(backend, actor, body),
);
