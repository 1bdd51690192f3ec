import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { SignInForm } from '#components/sign-in/sign-in-form.tsx';
import { AlonePage } from '#components/ui/alone-page.tsx';
import { currentActor } from '#lib/auth/session.ts';
import { noticeOf } from '#lib/client/sign-in-notice.ts';

export const metadata: Metadata = { title: 'Sign in' };

const single = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' ? value : null;

export default async function LoginPage({
  searchParams,
}: {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const params = await searchParams;
  if ((await currentActor()) !== null) redirect('/');
  return (
    <AlonePage>
      <h1>Sign in</h1>
      <SignInForm callbackUrl={single(params['callbackUrl'])} notice={noticeOf(single(params['notice']))} />
    </AlonePage>
  );
}
