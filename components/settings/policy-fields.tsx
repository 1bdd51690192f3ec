'use client';
import { PlusOutlined } from '@ant-design/icons';
import { Button, Checkbox, Form, InputNumber, Radio } from 'antd';
import { DRILL_SCHEDULES, type VerificationPolicy } from '#lib/contracts/verification.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { drillScheduleWord } from '#lib/client/drill-words.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { SqlCheckFields } from './sql-check-fields.tsx';

const MAX_CHECKS = 100;
const required = (what: string) => [{ required: true, message: `Give ${what}.` }];

const whenOptions: readonly {
  readonly value: VerificationPolicy['restore'];
  readonly label: string;
  readonly consequence: string;
}[] = [
  {
    value: 'after-each',
    label: 'After each backup',
    consequence: 'The newest restore point is proven within minutes. Larger databases are proven weekly.',
  },
  {
    value: 'daily',
    label: 'Once a day',
    consequence: 'The newest backup of the day is proven; those between are not.',
  },
  {
    value: 'weekly',
    label: 'Once a week',
    consequence: 'The newest proven restore point can be seven days old.',
  },
  {
    value: 'off',
    label: 'Only by hand',
    consequence:
      'Nothing is proven unless a person starts it: a backup may turn out to be useless on the day it is needed.',
  },
];

function Consequence({ children }: { readonly children: React.ReactNode }) {
  return <span className="hf-help hf-choice-help">{children}</span>;
}

/** As the form has it, without what people type around a name or a statement. */
export const trimmedPolicy = (policy: VerificationPolicy): VerificationPolicy => ({
  ...policy,
  sqlChecks: policy.sqlChecks.map((check) => ({
    ...check,
    name: check.name.trim(),
    sql: check.sql.trim(),
  })),
});

/** How closely a copy’s tables are compared; inside an antd form. */
function TableFields({
  at,
  initial,
}: {
  readonly at: readonly string[];
  readonly initial: VerificationPolicy;
}) {
  const form = Form.useFormInstance();
  const takesFingerprints =
    (Form.useWatch([...at, 'takesFingerprints'], form) as boolean | undefined) ?? initial.takesFingerprints;
  return (
    <>
      <h3 className="hf-form-heading">How strictly</h3>
      <Form.Item name={[...at, 'takesFingerprints']} valuePropName="checked">
        <Checkbox>
          Take a fingerprint of every table’s content
          <Consequence>
            Finds a changed value where the number of rows is the same. Taking them lengthens each backup;
            without them only counts and definitions are compared.
          </Consequence>
        </Checkbox>
      </Form.Item>
      {takesFingerprints && (
        <div className="hf-fields hf-fields-one">
          <Form.Item
            name={[...at, 'fingerprintMaxGb']}
            label="For tables up to"
            extra="The content of a larger table is UNKNOWN; its rows are still counted."
            rules={required('a number of gigabytes')}
          >
            <InputNumber min={1} max={100_000} precision={0} suffix="GB" />
          </Form.Item>
        </div>
      )}
    </>
  );
}

/** What only a PostgreSQL server can be asked of a copy. */
function ServerFields({ at }: { readonly at: readonly string[] }) {
  return (
    <>
      <Form.Item name={[...at, 'foreignKeys']} label="Foreign keys in the restored copy">
        <Radio.Group className="hf-radio-lines">
          <Radio value="all">
            Check every row
            <Consequence>Certain; takes about as long as creating the constraints.</Consequence>
          </Radio>
          <Radio value="sample">
            Check 100 rows of each, chosen at random
            <Consequence>Quick; a few broken references in a large table can be missed.</Consequence>
          </Radio>
        </Radio.Group>
      </Form.Item>

      <h3 className="hf-form-heading">SQL checks of your own</h3>
      <p className="hf-muted">
        Rules of the application that a restored copy must obey. Each is one statement that gives one row with
        one number, for example “orphaned bins” with{' '}
        <code>
          select count(*) from bins b where not exists (select from locations l where l.id = b.location_id)
        </code>{' '}
        = 0. They run read-only in the restored copy, never in the database in use.
      </p>
      <Form.List name={[...at, 'sqlChecks']}>
        {(fields, { add, remove }) => (
          <div className="hf-stack hf-contacts-form">
            {fields.length === 0 && (
              <EmptyState title="None yet">
                Counts and definitions are compared without any. Add one for what only your application knows.
              </EmptyState>
            )}
            {fields.map(({ key, name }, index) => (
              <SqlCheckFields
                key={key}
                index={name}
                position={index + 1}
                onRemove={() => {
                  remove(name);
                }}
              />
            ))}
            <div>
              <Button
                icon={<PlusOutlined aria-hidden />}
                disabled={fields.length >= MAX_CHECKS}
                data-testid="add-sql-check"
                onClick={() => {
                  add({ name: '', sql: '', comparison: '=', value: 0, severity: 'critical' });
                }}
              >
                Add a check
              </Button>
            </div>
          </div>
        )}
      </Form.List>
    </>
  );
}

/** What is verified when and how strictly, inside an antd form that keeps a policy under `at`. */
export function PolicyFields({
  at,
  kind,
  initial,
}: {
  readonly at: readonly string[];
  /** Whose policy: what is only asked of tables is left out for what has none. */
  readonly kind: SourceKind;
  readonly initial: VerificationPolicy;
}) {
  const form = Form.useFormInstance();
  // Nothing is watched before the first render has ended.
  const restore =
    (Form.useWatch([...at, 'restore'], form) as VerificationPolicy['restore'] | undefined) ?? initial.restore;
  return (
    <>
      <Form.Item name={[...at, 'restore']} label="Restore and compare the newest backup">
        <Radio.Group className="hf-radio-lines" data-testid="policy-restore">
          {whenOptions.map(({ value, label, consequence }) => (
            <Radio key={value} value={value}>
              {label}
              <Consequence>{consequence}</Consequence>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      {restore === 'after-each' && (
        <div className="hf-fields hf-fields-one">
          <Form.Item
            name={[...at, 'afterEachMaxGb']}
            label="After each backup only up to"
            extra="A larger dump is proven once a week instead, so that verifying does not take the whole day."
            rules={required('a number of gigabytes')}
          >
            <InputNumber min={1} max={100_000} precision={0} suffix="GB" />
          </Form.Item>
        </div>
      )}
      <Form.Item name={[...at, 'provesNewestMonthly']} valuePropName="checked">
        <Checkbox>
          Prove the newest monthly backup again every 30 days
          <Consequence>Without it, what is kept longest is looked at least.</Consequence>
        </Checkbox>
      </Form.Item>
      <div className="hf-fields hf-fields-one">
        <Form.Item
          name={[...at, 'scrubDays']}
          label="Read every stored copy again within"
          extra="Oldest first, spread over time. A disk or bucket that loses bytes is noticed within this time; 0 never looks."
          rules={required('a number of days')}
        >
          <InputNumber min={0} max={3650} precision={0} suffix="days" />
        </Form.Item>
      </div>
      <Form.Item
        name={[...at, 'drill']}
        label="Rehearse coming back (drill)"
        extra="At 03:00 on the first of the month or quarter: timed against the objectives, with a signed report. A drill that is missing is told on the overview."
      >
        <Radio.Group
          data-testid="policy-drill"
          options={DRILL_SCHEDULES.map((value) => ({ value, label: drillScheduleWord[value] }))}
        />
      </Form.Item>

      {(kind === 'postgres' || kind === 'sqlite') && <TableFields at={at} initial={initial} />}
      {kind === 'postgres' && <ServerFields at={at} />}
    </>
  );
}
