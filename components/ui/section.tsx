import { Card } from 'antd';
import type { ReactNode } from 'react';

/** A titled card; `name` is the id that heading and links share. */
export function Section({
  name,
  title,
  extra,
  children,
}: {
  readonly name: string;
  readonly title: string;
  readonly extra?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section aria-labelledby={name} className="hf-section">
      <Card title={<h2 id={name}>{title}</h2>} extra={extra}>
        {children}
      </Card>
    </section>
  );
}
