'use client';
import { PlusOutlined } from '@ant-design/icons';
import { Button, Form, Input, InputNumber } from 'antd';
import type { RunbookCommands } from '#lib/contracts/runbook.ts';

const commands: readonly {
  readonly name: keyof RunbookCommands;
  readonly label: string;
  readonly extra?: string;
}[] = [
  { name: 'stopServices', label: 'Stop the API servers' },
  { name: 'startServices', label: 'Start the API servers' },
  { name: 'migrate', label: 'Run migrations' },
  {
    name: 'healthCheck',
    label: 'Ask whether the application is healthy',
    extra: 'It should fail when it is not.',
  },
  { name: 'restartRedis', label: 'Restart Redis' },
  { name: 'deploy', label: 'Clone the application and install its packages' },
  { name: 'restoreFiles', label: 'Restore uploaded files' },
  { name: 'restoreConfiguration', label: 'Restore configuration and certificates' },
  { name: 'logFolder', label: 'Folder of the application’s logs' },
];

/** A long text is shown in several lines and yet is one. */
const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** One line of a list: minutes, then words. */
function TimedList({
  name,
  id,
  title,
  lead,
  max,
  what,
  fields,
}: {
  readonly name: 'escalation' | 'communication';
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly max: number;
  readonly what: string;
  readonly fields: readonly { readonly name: string; readonly label: string; readonly max: number }[];
}) {
  return (
    <>
      <h3 className="hf-form-heading" id={id}>
        {title}
      </h3>
      <p className="hf-muted">{lead}</p>
      <Form.List name={['runbook', name]}>
        {(rows, { add, remove }) => (
          <div className="hf-stack hf-contacts-form">
            {rows.map(({ key, name: index }, place) => (
              <div key={key} role="group" aria-label={`${what} ${String(place + 1)}`} className="hf-contact">
                <div className="hf-contact-head">
                  {what} {place + 1}
                  <Button
                    danger
                    type="text"
                    size="small"
                    aria-label={`Remove ${what.toLowerCase()} ${String(place + 1)}`}
                    onClick={() => {
                      remove(index);
                    }}
                  >
                    Remove
                  </Button>
                </div>
                <div className="hf-fields">
                  <Form.Item
                    name={[index, 'afterMinutes']}
                    label="After"
                    rules={[{ required: true, message: 'Give a number of minutes.' }]}
                  >
                    <InputNumber min={0} max={10_080} precision={0} suffix="minutes" />
                  </Form.Item>
                  {fields.map((field) => (
                    <Form.Item
                      key={field.name}
                      name={[index, field.name]}
                      label={field.label}
                      className={field.max > 200 ? 'hf-whole-line' : ''}
                      rules={[{ required: true, whitespace: true, message: 'Fill this in.' }]}
                      normalize={oneLine}
                    >
                      {field.max > 200 ? (
                        <Input.TextArea maxLength={field.max} autoComplete="off" autoSize={{ minRows: 1 }} />
                      ) : (
                        <Input maxLength={field.max} autoComplete="off" />
                      )}
                    </Form.Item>
                  ))}
                </div>
              </div>
            ))}
            <div>
              <Button
                icon={<PlusOutlined aria-hidden />}
                disabled={rows.length >= max}
                onClick={() => {
                  add({ afterMinutes: 0 });
                }}
              >
                Add a {what.toLowerCase()}
              </Button>
            </div>
          </div>
        )}
      </Form.List>
    </>
  );
}

/** What the runbook needs to know of this installation, its people and its review. */
export function RunbookFields() {
  return (
    <>
      <TimedList
        name="escalation"
        id="runbook-escalation"
        title="Escalation path"
        lead="Who is called when those before did not answer or could not help, in this order."
        max={10}
        what="Level"
        fields={[{ name: 'whom', label: 'Whom, and how to reach them', max: 200 }]}
      />
      <TimedList
        name="communication"
        id="runbook-communication"
        title="Communication timeline"
        lead="Who is told what during an outage. Holdfast shows these words to copy and sends nothing."
        max={20}
        what="Message"
        fields={[
          { name: 'audience', label: 'Audience', max: 200 },
          { name: 'message', label: 'Message', max: 500 },
        ]}
      />
      <h3 className="hf-form-heading" id="runbook-commands">
        Commands of the runbook
      </h3>
      <p className="hf-muted">
        What only you know. They are shown in the runbook for people to run; Holdfast never runs them. Write
        no password into them: everybody who signs in can read them.
      </p>
      <div className="hf-commands">
        {commands.map(({ name, label, extra }) => (
          <Form.Item key={name} name={['runbook', 'commands', name]} label={label} extra={extra}>
            <Input maxLength={500} autoComplete="off" spellCheck={false} className="hf-code-input" />
          </Form.Item>
        ))}
      </div>
      <h3 className="hf-form-heading" id="runbook-review">
        Review of the runbook
      </h3>
      <p className="hf-muted">
        Once a quarter somebody reads it through. When that is overdue, the runbook and the overview say so.
      </p>
      <div className="hf-fields">
        <Form.Item name={['runbook', 'review', 'lastReviewedOn']} label="Last reviewed on">
          <Input type="date" data-testid="reviewed-on" />
        </Form.Item>
        <Form.Item name={['runbook', 'review', 'reviewedBy']} label="By whom">
          <Input maxLength={100} autoComplete="off" data-testid="reviewed-by" />
        </Form.Item>
      </div>
    </>
  );
}
