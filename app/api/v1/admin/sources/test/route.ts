import { can } from '#lib/auth/can.ts';
import { SourceProbeAnswer, SourceProbeRequest } from '#lib/contracts/source.ts';
import { route } from '#lib/http/route.ts';
import { testAddress } from '#lib/services/source-questions.ts';

export const POST = route(
  { can: can.manageSources, body: SourceProbeRequest, output: SourceProbeAnswer },
  ({ backend, actor }, { body }) => testAddress(backend, actor, body),
);
