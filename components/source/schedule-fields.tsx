'use client';
import { Form, Input, Radio, Select, Switch } from 'antd';
import { useNow } from '#lib/client/use-now.ts';
import { CRON_PRESETS, cronWords, nextRuns, runWords } from '#lib/client/schedule-words.ts';
import type { InstalledChoices, SourceFields } from '#lib/client/source-form.ts';

const CUSTOM = 'custom';

function zones(): { value: string; label: string }[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')].map((zone) => ({
    value: zone,
    label: zone,
  }));
}

/** The next three runs of what stands in the form, in its own zone. */
export function NextRuns({
  schedule,
}: {
  readonly schedule: { readonly cron: string; readonly timeZone: string };
}) {
  const now = useNow();
  if (now === null) return null;
  const runs = nextRuns(schedule, now, 3);
  if (runs === null)
    return <p className="hf-help">Type five fields, such as 0 1 * * *, to see when it runs.</p>;
  if (runs.length === 0) return <p className="hf-help">This never comes due.</p>;
  return (
    <p className="hf-help" data-testid="next-runs">
      {cronWords(schedule.cron)}. Next: {runs.map((run) => runWords(run, schedule.timeZone)).join('; ')} (
      {schedule.timeZone}).
    </p>
  );
}

/** When it is backed up: as the installation is, or by a schedule of its own. */
export function ScheduleFields({ installed }: { readonly installed: InstalledChoices['schedule'] }) {
  const form = Form.useFormInstance<SourceFields>();
  const isOwn = Form.useWatch('hasOwnSchedule', form) as boolean | undefined;
  const cron = (Form.useWatch(['schedule', 'cron'], form) as string | undefined) ?? '';
  const timeZone = (Form.useWatch(['schedule', 'timeZone'], form) as string | undefined) ?? 'UTC';
  const preset = CRON_PRESETS.find(({ value }) => value === cron.trim())?.value ?? CUSTOM;
  return (
    <>
      <Form.Item<SourceFields> name="hasOwnSchedule" label="When">
        <Radio.Group className="hf-radio-lines">
          <Radio value={false}>
            As installed
            <span className="hf-help hf-choice-help">
              {installed.isEnabled
                ? `${cronWords(installed.cron)} (${installed.timeZone})`
                : 'Off: BACKUP_ENABLED is false'}
            </span>
          </Radio>
          <Radio value>On a schedule of its own</Radio>
        </Radio.Group>
      </Form.Item>
      {isOwn === true && (
        <>
          <Form.Item
            name={['schedule', 'isEnabled']}
            label="Take backups on this schedule"
            valuePropName="checked"
          >
            <Switch />
          </Form.Item>
          <div className="hf-fields">
            <div className="ant-form-item">
              <label htmlFor="cron-preset" className="hf-label">
                How often
              </label>
              <Select
                id="cron-preset"
                className="hf-full"
                value={preset}
                options={[...CRON_PRESETS, { value: CUSTOM, label: 'Another cron expression' }]}
                onChange={(value) => {
                  if (value !== CUSTOM) form.setFieldValue(['schedule', 'cron'], value);
                }}
              />
            </div>
            <Form.Item
              name={['schedule', 'cron']}
              label="Cron expression"
              rules={[{ required: true, whitespace: true, message: 'Give five fields.' }]}
            >
              <Input className="hf-code-input" autoComplete="off" spellCheck={false} maxLength={100} />
            </Form.Item>
            <Form.Item name={['schedule', 'timeZone']} label="Time zone">
              <Select showSearch options={zones()} />
            </Form.Item>
          </div>
          <div className="hf-next-runs">
            <NextRuns schedule={{ cron, timeZone }} />
          </div>
        </>
      )}
    </>
  );
}
