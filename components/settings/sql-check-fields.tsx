'use client';
import { Button, Form, Input, InputNumber, Radio, Select } from 'antd';
import { COMPARISONS } from '#lib/contracts/verification.ts';

/** One SQL check's fields; `index` is its place in the form, `position` its number for people. */
export function SqlCheckFields({
  index,
  position,
  onRemove,
}: {
  readonly index: number;
  readonly position: number;
  readonly onRemove: () => void;
}) {
  return (
    <div
      role="group"
      aria-label={`SQL check ${String(position)}`}
      className="hf-contact"
      data-testid="sql-check"
    >
      <div className="hf-contact-head">
        SQL check {position}
        <Button
          danger
          type="text"
          size="small"
          onClick={onRemove}
          aria-label={`Remove SQL check ${String(position)}`}
        >
          Remove
        </Button>
      </div>
      <Form.Item
        name={[index, 'name']}
        label="Name"
        rules={[
          { required: true, whitespace: true, message: 'Give a name.' },
          { pattern: /^[^:]*$/, message: 'Leave out the colon.' },
        ]}
      >
        <Input maxLength={100} autoComplete="off" placeholder="orphaned bins" />
      </Form.Item>
      <Form.Item
        name={[index, 'sql']}
        label="Statement"
        rules={[{ required: true, whitespace: true, message: 'Give a statement.' }]}
      >
        <Input.TextArea
          className="hf-code-input"
          autoSize={{ minRows: 2, maxRows: 12 }}
          maxLength={10_000}
          spellCheck={false}
          placeholder="select count(*) from …"
        />
      </Form.Item>
      <div className="hf-fields">
        <div className="hf-pair">
          <Form.Item name={[index, 'comparison']} label="The number must be">
            <Select
              aria-label={`Comparison of SQL check ${String(position)}`}
              options={COMPARISONS.map((value) => ({ value, label: value }))}
            />
          </Form.Item>
          <Form.Item
            name={[index, 'value']}
            label="Value"
            rules={[{ required: true, message: 'Give a number.' }]}
          >
            <InputNumber />
          </Form.Item>
        </div>
        <Form.Item name={[index, 'severity']} label="If it is not">
          <Radio.Group
            options={[
              { value: 'critical', label: 'The proof fails' },
              { value: 'warning', label: 'It is reported' },
            ]}
          />
        </Form.Item>
      </div>
    </div>
  );
}
