import { CommandBlock } from '#components/ui/command-block.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Section } from '#components/ui/section.tsx';

const SETTINGS = `wal_level = replica
archive_mode = on
archive_timeout = 300
archive_command = '/opt/holdfast/scripts/archive-wal.sh "%p" "%f" /var/backups/wal'`;

/** How to begin with it, where the log is not kept. */
export function LogSetup() {
  return (
    <>
      <EmptyState title="The write-ahead log is not kept here">
        <p>
          A backup brings back the hour it was taken. A server that also archives its log comes back as it was
          at any instant since a base archive, just before the mistake.
        </p>
      </EmptyState>
      <Section name="log-setup" title="How to begin">
        <ol className="hf-steps">
          <li>
            <h3>Let the server archive its log</h3>
            <p className="hf-muted">In its postgresql.conf; a changed archive_mode needs a restart.</p>
            <CommandBlock command={SETTINGS} what="settings of the server" />
          </li>
          <li>
            <h3>Name the folder here</h3>
            <p className="hf-muted">
              In the environment of web and worker; the worker must be able to read it.
            </p>
            <CommandBlock command="BACKUP_WAL_PATH=/var/backups/wal" what="setting of this installation" />
          </li>
          <li>
            <h3>Take a base archive, say every night</h3>
            <p className="hf-muted">
              It copies the whole server, to disk or to S3, and reads it back. Its user needs the attribute
              REPLICATION, and pg_hba.conf a line for the database “replication”.
            </p>
            <CommandBlock command="scripts/base-backup.sh" what="command: take a base archive" />
          </li>
        </ol>
      </Section>
    </>
  );
}
