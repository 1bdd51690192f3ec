'use client';
import { Collapse } from 'antd';
import { readingRoleSql } from '#lib/client/reading-role.ts';
import { CommandBlock } from '#components/ui/command-block.tsx';

const ROLE = 'holdfast_reader';

/** How to make a role that may read everything and change nothing. */
export function ReadingRole({ user, database }: { readonly user: string; readonly database: string }) {
  const sql = readingRoleSql(
    user.trim() === '' ? ROLE : user.trim(),
    database === '' ? 'your_database' : database,
  );
  return (
    <Collapse
      size="small"
      className="hf-reading-role"
      data-testid="reading-role"
      items={[
        {
          key: 'role',
          label: 'Recommended: a role that only reads',
          children: (
            <div className="hf-stack">
              <p>
                A backup reads and nothing else. Sign in as a role of its own, so that what is kept here could
                never change your data. Run this with psql as a superuser; it asks for the password, so that
                no log holds it.
              </p>
              <div>
                <h3>PostgreSQL 14 or newer</h3>
                <CommandBlock command={sql.modern} what="statements for PostgreSQL 14 or newer" />
              </div>
              <div>
                <h3>Older than 14</h3>
                <CommandBlock command={sql.old} what="statements for older servers" />
              </div>
              <p className="hf-muted">
                Tables with row security need <code>alter role … bypassrls</code> as well: without it a backup
                stops instead of leaving rows out. A restore to this server signs in as the same user and
                needs the right to create databases; its preview says so before anything is changed.
              </p>
            </div>
          ),
        },
      ]}
    />
  );
}
