import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { ConsoleShell } from '#components/shell/console-shell.tsx';
import { currentActor } from '#lib/auth/session.ts';

export default async function ConsoleLayout({ children }: { readonly children: ReactNode }) {
  const actor = await currentActor();
  if (actor === null) {
    const wanted = (await headers()).get('x-pathname');
    redirect(wanted === null ? '/login' : `/login?callbackUrl=${encodeURIComponent(wanted)}`);
  }
  return <ConsoleShell person={{ name: actor.name, role: actor.role }}>{children}</ConsoleShell>;
}
