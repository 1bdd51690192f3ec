import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { SourcePage } from '#components/source/source-page.tsx';
import { SourceId } from '#lib/contracts/source.ts';

export const metadata: Metadata = { title: 'Source' };

export default async function Page({ params }: { readonly params: Promise<{ readonly id: string }> }) {
  const id = SourceId.safeParse((await params).id);
  if (!id.success) notFound();
  return <SourcePage id={id.data} />;
}
