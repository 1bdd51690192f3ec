'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import {
  CreateTokenRequest,
  TokenId,
  type CreateTokenResponse,
  type TokenRow,
} from '#lib/contracts/token.ts';
import { runAction } from '#lib/http/action.ts';
import { createToken, revokeToken } from '#lib/services/tokens.ts';

/** The answer is the only time the token is told. */
export async function createTokenAction(
  input: CreateTokenRequest,
): Promise<ActionResult<CreateTokenResponse>> {
  return runAction({ can: can.manageTokens, input: CreateTokenRequest }, input, createToken);
}

export async function revokeTokenAction(id: string): Promise<ActionResult<TokenRow>> {
  return runAction(
    { can: can.manageTokens, input: z.object({ id: TokenId }) },
    { id },
    (backend, actor, input) => revokeToken(backend, actor, input.id),
  );
}
