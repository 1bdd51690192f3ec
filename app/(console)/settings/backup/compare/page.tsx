import type { Metadata } from 'next';
import { ComparePage } from '#components/compare/compare-page.tsx';

export const metadata: Metadata = { title: 'Compare two backups' };

export default function Page() {
  return <ComparePage />;
}
