import type { TokenRow } from '../contracts/token.ts';

export type TokenState = 'active' | 'expired' | 'revoked';

export function tokenState(token: Pick<TokenRow, 'revokedAt' | 'expiresAt'>, now: Date): TokenState {
  if (token.revokedAt !== null) return 'revoked';
  return token.expiresAt !== null && new Date(token.expiresAt) <= now ? 'expired' : 'active';
}
