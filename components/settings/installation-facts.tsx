import type { Installation } from '#lib/contracts/settings.ts';
import { BorderedFacts } from '#components/ui/bordered-facts.tsx';

/** Configuration from the environment: shown, not changed here. */
export function InstallationFacts({ installation }: { readonly installation: Installation }) {
  const { source, s3, schedule, retention } = installation;
  const place =
    installation.storage === 's3' && s3 !== null
      ? `S3 bucket ${s3.bucket} (${s3.endpoint ?? s3.region})`
      : installation.localPath;
  return (
    <div className="hf-stack">
      <p className="hf-muted">
        Set by environment variables (see the README) and read when the console and its worker start.
      </p>
      <BorderedFacts
        items={[
          {
            key: 'source',
            label: 'Database',
            children: `${source.database} on ${source.host}:${String(source.port)} as ${source.user}`,
          },
          { key: 'place', label: 'Stored in', children: <span className="hf-wrap">{place}</span> },
          {
            key: 'schedule',
            label: 'Schedule',
            children: schedule.isEnabled ? (
              <>
                <code>{schedule.cron}</code> in {schedule.timeZone}
              </>
            ) : (
              'Off (BACKUP_ENABLED is false)'
            ),
          },
          {
            key: 'retention',
            label: 'Keeps',
            children: `${String(retention.daily)} daily, ${String(retention.weekly)} weekly, ${String(retention.monthly)} monthly`,
          },
          { key: 'compression', label: 'Compression', children: installation.compression },
          {
            key: 'encryption',
            label: 'Encryption',
            children: installation.isEncrypted
              ? 'age, to public keys'
              : 'None (BACKUP_AGE_RECIPIENTS is empty)',
          },
          {
            key: 'manual',
            label: 'Manual backups',
            children:
              installation.manualIntervalMinutes === 0
                ? 'No limit'
                : `One every ${String(installation.manualIntervalMinutes)} minutes`,
          },
        ]}
      />
    </div>
  );
}
