import type { z } from 'zod';
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { CreateTokenRequest, CreateTokenResponse, TokenList, TokenRow } from '../contracts/token.ts';
import { newApiToken } from '../platform/api-token.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  insertToken,
  listTokens as selectTokens,
  lockToken,
  markTokenRevoked,
  type TokenRecord,
} from '#db/queries/token.ts';

const toTokenRow = (token: TokenRecord): TokenRow => ({
  id: token.id,
  name: token.name,
  role: token.role,
  hint: token.hint,
  createdAt: token.createdAt.toISOString(),
  createdBy: token.createdBy,
  expiresAt: token.expiresAt?.toISOString() ?? null,
  lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  revokedAt: token.revokedAt?.toISOString() ?? null,
});

export async function listTokens(backend: Pick<Backend, 'db'>): Promise<TokenList> {
  return { data: (await selectTokens(backend.db)).map(toTokenRow) };
}

/** The only time the token is told. */
export async function createToken(
  backend: Pick<Backend, 'db'>,
  actor: Actor,
  input: z.output<typeof CreateTokenRequest>,
): Promise<CreateTokenResponse> {
  const { token, hash, hint } = newApiToken();
  const record = await backend.db.transaction(async (tx) => {
    const created = await insertToken(tx, {
      name: input.name,
      role: input.role,
      tokenHash: hash,
      hint,
      createdBy: actor.name,
      expiresInDays: input.expiresInDays,
    });
    await addAuditEntry(tx, actor, 'token.create', created.id, {
      name: created.name,
      role: created.role,
      expiresAt: created.expiresAt?.toISOString() ?? null,
    });
    return created;
  });
  return { id: record.id, token, expiresAt: record.expiresAt?.toISOString() ?? null };
}

/** Ends a token at once. Safe to repeat. */
export async function revokeToken(backend: Pick<Backend, 'db'>, actor: Actor, id: string): Promise<TokenRow> {
  return backend.db.transaction(async (tx) => {
    const before = await lockToken(tx, id);
    if (before === null) {
      throw new AppError('not_found', 'there is no token with this id', {
        hint: 'Look in the list of tokens for the ids that exist.',
      });
    }
    if (before.revokedAt !== null) return toTokenRow(before);
    const after = await markTokenRevoked(tx, id);
    await addAuditEntry(tx, actor, 'token.revoke', id, { name: before.name });
    return toTokenRow(after ?? before);
  });
}
