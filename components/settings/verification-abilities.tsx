import type { Installation } from '#lib/contracts/settings.ts';
import { BorderedFacts } from '#components/ui/bordered-facts.tsx';

/** Machine matters of verification: configuration from the environment, shown with what follows from it. */
export function VerificationAbilities({ installation }: { readonly installation: Installation }) {
  const { isEncrypted, verification } = installation;
  const opening = verification.hasIdentity
    ? 'Yes: BACKUP_AGE_IDENTITY_FILE names the private key'
    : isEncrypted
      ? 'No: BACKUP_AGE_IDENTITY_FILE is not set, so encrypted backups can only be read, never opened. Their proof stays UNKNOWN.'
      : 'Not set up (BACKUP_AGE_IDENTITY_FILE), and not needed: backups are not encrypted';
  return (
    <div className="hf-stack">
      <p className="hf-muted">
        Set by environment variables (see the README). The first place that works is taken, in this order.
      </p>
      <BorderedFacts
        items={[
          {
            key: 'local',
            label: '1. A server of its own',
            children:
              'Where PostgreSQL’s server programs of the source’s major version are installed beside the worker: a throwaway server without network, in a folder of its own',
          },
          {
            key: 'server',
            label: '2. A verification server',
            children: verification.hasServer
              ? 'Configured by BACKUP_VERIFY_DATABASE_URL'
              : 'None (BACKUP_VERIFY_DATABASE_URL is empty)',
          },
          {
            key: 'source',
            label: '3. The source’s server',
            children: verification.mayUseSource
              ? 'Allowed: a database of its own beside the one in use, which then shares its disk and memory'
              : 'Not allowed (BACKUP_VERIFY_ON_SOURCE is false)',
          },
          { key: 'identity', label: 'Opens encrypted backups', children: opening },
        ]}
      />
    </div>
  );
}
