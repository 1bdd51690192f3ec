export const ROLES = ['viewer', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. Every write takes one, and its audit entry names it. */
export interface Actor {
  readonly kind: 'user' | 'token' | 'cli' | 'worker';
  /** User or token id; the command or worker name otherwise. */
  readonly id: string;
  /** What the audit page shows: an e-mail address, a token's name, `worker`. */
  readonly name: string;
  readonly role: Role;
  /** The client's network address, where there is one. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}
