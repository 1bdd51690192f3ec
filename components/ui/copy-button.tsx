'use client';
import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useState } from 'react';

const words = { idle: 'Copy', done: 'Copied', failed: 'Select and copy by hand' } as const;

/** Copies `text`. `what` names it for a screen reader: "Copy checksum". */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
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
      className="hf-copy"
      icon={state === 'done' ? <CheckOutlined aria-hidden /> : <CopyOutlined aria-hidden />}
      aria-label={state === 'idle' ? `Copy ${what}` : `${what}: ${words[state].toLowerCase()}`}
      onClick={() => {
        void copy();
      }}
    >
      <span aria-live="polite">{words[state]}</span>
    </Button>
  );
}
