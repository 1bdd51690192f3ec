import type { Role } from '../core/actor.ts';

export const roleWord: Record<Role, string> = { admin: 'Administrator', viewer: 'Viewer' };
export const roleOptions = [
  { value: 'viewer', label: 'Viewer: overview and runbook only' },
  { value: 'admin', label: 'Administrator: may do everything' },
] as const satisfies readonly { value: Role; label: string }[];
