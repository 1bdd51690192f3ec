import { can } from '#lib/auth/can.ts';
import { CreateTokenRequest, CreateTokenResponse, TokenList } from '#lib/contracts/token.ts';
import { route } from '#lib/http/route.ts';
import { createToken, listTokens } from '#lib/services/tokens.ts';

export const GET = route({ can: can.manageTokens, output: TokenList }, ({ backend }) => listTokens(backend));

export const POST = route(
  { can: can.manageTokens, body: CreateTokenRequest, output: CreateTokenResponse, status: 201 },
  ({ backend, actor }, { body }) => createToken(backend, actor, body),
);
