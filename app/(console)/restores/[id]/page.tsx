import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { RestorePage } from '#components/restore/restore-page.tsx';
import { RestoreId } from '#lib/contracts/restore.ts';

export const metadata: Metadata = { title: 'Restore' };

export default async function Page({ params }: { readonly params: Promise<{ readonly id: string }> }) {
  const id = RestoreId.safeParse((await params).id);
  if (!id.success) notFound();
  return <RestorePage id={id.data} />;
}
