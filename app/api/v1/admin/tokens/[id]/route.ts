import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { TokenId, TokenRow } from '#lib/contracts/token.ts';
import { route } from '#lib/http/route.ts';
import { revokeToken } from '#lib/services/tokens.ts';

export const DELETE = route(
  { can: can.manageTokens, params: z.object({ id: TokenId }), output: TokenRow },
  ({ backend, actor }, { params }) => revokeToken(backend, actor, params.id),
);
