import { z } from 'zod';
import { Role } from './user.ts';

export const TokenId = z.uuid();
export const TokenName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, 'must not contain control characters')
  .refine((name) => !name.includes('../'), 'must not contain "../"');

export const TokenRow = z.object({
  id: TokenId,
  name: z.string(),
  role: Role,
  /** The first characters, to recognise it by: `hf_AbCd…`. */
  hint: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type TokenRow = z.infer<typeof TokenRow>;
export const TokenList = z.object({ data: z.array(TokenRow) });
export type TokenList = z.infer<typeof TokenList>;

export const CreateTokenRequest = z.strictObject({
  name: TokenName,
  role: Role,
  /** Null never expires. Default 90. */
  expiresInDays: z.number().int().min(1).max(3650).nullable().default(90),
});
export type CreateTokenRequest = z.input<typeof CreateTokenRequest>;
/** The only time the token itself is told; the catalogue keeps a SHA-256 of it. */
export const CreateTokenResponse = z.object({
  id: TokenId,
  token: z.string(),
  expiresAt: z.iso.datetime().nullable(),
});
export type CreateTokenResponse = z.infer<typeof CreateTokenResponse>;
