import { openCatalogue } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import type { Actor } from '#lib/core/actor.ts';
import type { Config } from '#lib/platform/config.ts';

/** Adds an audit entry where there is a catalogue that answers; a restore does not need one. */
export async function auditRestore(
  config: Config,
  actor: Actor,
  details: Readonly<Record<string, string | number | boolean | null>>,
): Promise<void> {
  if (config.databaseUrl === null) return;
  const catalogue = openCatalogue(config.databaseUrl, {
    applicationName: 'holdfast-restore-sh',
    maxConnections: 1,
  });
  try {
    await addAuditEntry(catalogue.db, actor, 'restore.run', null, details);
  } catch {
    process.stderr.write(
      'warning: the catalogue does not answer, so its audit log does not tell of this restore\n',
    );
  } finally {
    await catalogue.close();
  }
}
