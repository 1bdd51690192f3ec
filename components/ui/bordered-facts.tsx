import { Descriptions, type DescriptionsProps } from 'antd';

/** Names and values, one a line, in a bordered table. */
export const BorderedFacts = ({ items }: { readonly items: NonNullable<DescriptionsProps['items']> }) => (
  <Descriptions column={1} size="small" bordered className="hf-facts" items={items} />
);
