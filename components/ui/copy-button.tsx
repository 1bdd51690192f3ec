'use client';
import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useState } from 'react';

const words = { idle: 'Copy', done: 'Copied', failed: 'Select and copy by hand' } as const;

/** Copies `text`. `what` names it for a screen reader: "Copy checksum". `isIcon` where many stand below each other. */
export function CopyButton({
  text,
  what,
  isIcon = false,
}: {
  readonly text: string;
  readonly what: string;
  readonly isIcon?: boolean;
}) {
  const [state, setState] = useState<keyof typeof words>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => {
      setState('idle');
    }, 4_000);
    return () => {
      clearTimeout(timer);
    };
  }, [state]);
  const copy = async () => {
    try {
      // Absent outside HTTPS and localhost.
      await navigator.clipboard.writeText(text);
      setState('done');
    } catch {
      setState('failed');
    }
  };
  return (
    <Button
      size="small"
      type={isIcon ? 'text' : 'default'}
      className="hf-copy"
      icon={state === 'done' ? <CheckOutlined aria-hidden /> : <CopyOutlined aria-hidden />}
      aria-label={state === 'idle' ? `Copy ${what}` : `${what}: ${words[state].toLowerCase()}`}
      onClick={() => {
        void copy();
      }}
    >
      <span aria-live="polite" className={isIcon && state !== 'failed' ? 'hf-visually-hidden' : undefined}>
        {words[state]}
      </span>
    </Button>
  );
}
