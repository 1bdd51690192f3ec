'use client';
import { CopyButton } from './copy-button.tsx';

/** Shell lines to copy; long ones wrap instead of scrolling sideways. */
export function CommandBlock({ command, what }: { readonly command: string; readonly what: string }) {
  return (
    <div className="hf-command">
      <pre>
        <code>{command}</code>
      </pre>
      <CopyButton text={command} what={what} />
    </div>
  );
}
