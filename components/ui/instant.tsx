'use client';
import type { ReactElement } from 'react';
import { calendarInstant, exactInstant, plainInstant, relativeInstant } from '#lib/client/instants.ts';
import { useNow } from '#lib/client/use-now.ts';
import { Tip, type Focusable } from './tip.tsx';

type InstantStyle = 'relative' | 'calendar' | 'plain';

function textOf(at: Date, now: Date | null, style: InstantStyle): string {
  // The server does not know the viewer's zone: it prints the one form that is right everywhere.
  if (now === null) return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (style === 'relative') return relativeInstant(at, now);
  return style === 'calendar' ? calendarInstant(at, now) : plainInstant(at);
}

/** Shows the exact instant and zone on hover and focus of `children`, which must take focus itself. */
export function InstantTip({
  at,
  children,
}: {
  readonly at: string;
  readonly children: ReactElement<Focusable>;
}) {
  const now = useNow();
  const exact =
    now === null ? at : exactInstant(new Date(at), Intl.DateTimeFormat().resolvedOptions().timeZone);
  return <Tip title={exact}>{children}</Tip>;
}

/** The words alone, for a place that takes focus and has its own InstantTip. */
export function InstantText({ at, as = 'relative' }: { readonly at: string; readonly as?: InstantStyle }) {
  const now = useNow();
  return <time dateTime={at}>{textOf(new Date(at), now, as)}</time>;
}

/** An instant in words; the exact instant and zone on hover and on keyboard focus. */
export function Instant({ at, as = 'relative' }: { readonly at: string; readonly as?: InstantStyle }) {
  const now = useNow();
  return (
    <InstantTip at={at}>
      <time className="hf-instant" dateTime={at} tabIndex={0}>
        {textOf(new Date(at), now, as)}
      </time>
    </InstantTip>
  );
}
