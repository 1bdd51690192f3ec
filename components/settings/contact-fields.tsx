'use client';
import { Button, Form, Input } from 'antd';

/** One emergency contact's fields; `index` is its place in the form, `position` its number for people. */
export function ContactFields({
  index,
  position,
  onRemove,
}: {
  readonly index: number;
  readonly position: number;
  readonly onRemove: () => void;
}) {
  return (
    <div role="group" aria-label={`Contact ${String(position)}`} className="hf-contact">
      <div className="hf-contact-head">
        Contact {position}
        <Button
          danger
          type="text"
          size="small"
          onClick={onRemove}
          aria-label={`Remove contact ${String(position)}`}
        >
          Remove
        </Button>
      </div>
      <div className="hf-fields">
        <Form.Item
          name={[index, 'name']}
          label="Name"
          rules={[{ required: true, whitespace: true, message: 'Give a name.' }]}
        >
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item name={[index, 'role']} label="Role">
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item name={[index, 'phone']} label="Phone">
          <Input maxLength={50} type="tel" autoComplete="off" />
        </Form.Item>
        <Form.Item name={[index, 'email']} label="Email">
          <Input maxLength={254} type="email" autoComplete="off" />
        </Form.Item>
      </div>
    </div>
  );
}
