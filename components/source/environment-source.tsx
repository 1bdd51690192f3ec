'use client';
import type { DatabaseSource } from '#lib/contracts/source.ts';
import { cronWords } from '#lib/client/schedule-words.ts';
import { environmentWord } from '#lib/client/restore-words.ts';
import { BorderedFacts } from '#components/ui/bordered-facts.tsx';
import { Section } from '#components/ui/section.tsx';
import { SavedConnectionTest } from './connection-test.tsx';
import { ProbeResult } from './probe-result.tsx';
import { ReadingRole } from './reading-role.tsx';
import { NextRuns } from './schedule-fields.tsx';

const named = (variable: string, value: string) => (
  <>
    <span className="hf-wrap">{value}</span> <code className="hf-muted hf-wrap">{variable}</code>
  </>
);

/** What the environment names: shown with its variables, not edited here. */
export function EnvironmentSource({ source }: { readonly source: DatabaseSource }) {
  const { schedule, retention } = source.effective;
  return (
    <>
      <Section name="connection" title="Connection">
        <div className="hf-stack">
          <p className="hf-muted">
            Set by environment variables and read when console and worker start. Change them there, and start
            both again.
          </p>
          <BorderedFacts
            items={[
              { key: 'host', label: 'Host', children: named('PGHOST', source.host) },
              { key: 'port', label: 'Port', children: named('PGPORT', String(source.port)) },
              { key: 'user', label: 'User', children: named('PGUSER', source.user) },
              {
                key: 'password',
                label: 'Password',
                children: named('PGPASSWORD', source.hasPassword ? 'Set' : 'Not set'),
              },
              { key: 'database', label: 'Database', children: named('PGDATABASE', source.database) },
              { key: 'ssl', label: 'Encryption', children: named('PGSSLMODE', source.sslMode ?? 'Not set') },
              {
                key: 'prefix',
                label: 'Prefix of its archives',
                children: named('BACKUP_FILE_PREFIX', source.filePrefix),
              },
              {
                key: 'environment',
                label: 'Environment',
                children: named('HOLDFAST_ENVIRONMENT', environmentWord[source.environment]),
              },
            ]}
          />
          <SavedConnectionTest sourceId={source.id} />
          {source.lastProbe !== null && <ProbeResult kind="postgres" answer={source.lastProbe} />}
          <ReadingRole user="" database={source.database} />
        </div>
      </Section>
      <Section name="choices" title="Schedule, retention and proof">
        <BorderedFacts
          items={[
            {
              key: 'schedule',
              label: 'Schedule',
              children: schedule.isEnabled ? (
                <>
                  {named('BACKUP_SCHEDULE, BACKUP_TIMEZONE', cronWords(schedule.cron))}
                  <NextRuns schedule={schedule} />
                </>
              ) : (
                named('BACKUP_ENABLED', 'Off')
              ),
            },
            {
              key: 'retention',
              label: 'Keeps',
              children: named(
                'BACKUP_RETENTION_*',
                `${String(retention.daily)} daily, ${String(retention.weekly)} weekly, ${String(retention.monthly)} monthly`,
              ),
            },
            { key: 'proof', label: 'Proof', children: 'As in Settings, Verification' },
          ]}
        />
      </Section>
    </>
  );
}
