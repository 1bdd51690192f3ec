import type { Actor } from '../core/actor.ts';

/** Who may what: pure predicates, asked by every route and action before anything is read. */
const isAdmin = (actor: Actor): boolean => actor.role === 'admin';
const isPerson = (actor: Actor): boolean => actor.kind === 'user';

export const can = {
  seeOverview: (): boolean => true,
  /** In an emergency whoever is there reads the runbook and says what is done. */
  followRunbook: (): boolean => true,
  manageBackups: isAdmin,
  manageSettings: isAdmin,
  manageSources: isAdmin,
  manageUsers: isAdmin,
  manageTokens: isAdmin,
  readAudit: isAdmin,
  /** A token has no password. */
  changeOwnPassword: isPerson,
} as const satisfies Record<string, (actor: Actor) => boolean>;
