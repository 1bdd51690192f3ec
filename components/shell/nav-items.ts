import type { Role } from '#lib/core/actor.ts';

export interface NavItem {
  readonly href: string;
  readonly label: string;
}
export interface NavGroup {
  readonly label: string | null;
  readonly items: readonly NavItem[];
}

/** What this role may open, and nothing else. */
export function navGroups(role: Role): readonly NavGroup[] {
  const account: NavItem = { href: '/account', label: 'Account' };
  const runbook: NavItem = { href: '/runbook', label: 'Runbook' };
  if (role !== 'admin') return [{ label: null, items: [{ href: '/', label: 'Overview' }, runbook, account] }];
  return [
    {
      label: null,
      items: [
        { href: '/', label: 'Overview' },
        { href: '/settings/backup', label: 'Backups' },
        { href: '/sources', label: 'Sources' },
        { href: '/tables', label: 'Row timeline' },
        { href: '/restores', label: 'Restores' },
        { href: '/drills', label: 'Drills' },
        runbook,
      ],
    },
    {
      label: 'Settings',
      items: [
        { href: '/settings/general', label: 'General' },
        { href: '/settings/verification', label: 'Verification' },
        { href: '/settings/users', label: 'Users' },
        { href: '/settings/tokens', label: 'API tokens' },
        { href: '/settings/audit', label: 'Audit log' },
        account,
      ],
    },
  ];
}
