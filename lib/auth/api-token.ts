import type { Actor } from '../core/actor.ts';
import { hashApiToken, isApiToken } from '../platform/api-token.ts';
import type { Backend } from '#db/backend.ts';
import { findLivingToken, touchToken } from '#db/queries/token.ts';

/** The actor behind `Authorization: Bearer hf_…`; null for a token that is unknown, revoked, expired, or of somebody who may make none any more. */
export async function actorOfToken(backend: Backend, token: string): Promise<Actor | null> {
  if (!isApiToken(token)) return null;
  const record = await findLivingToken(backend.db, hashApiToken(token));
  if (record === null) return null;
  await touchToken(backend.db, record.id);
  return { kind: 'token', id: record.id, name: record.name, role: record.role };
}
