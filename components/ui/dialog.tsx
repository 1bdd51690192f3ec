'use client';
import { Modal, type ModalProps } from 'antd';
import { useEffect, useRef, useState } from 'react';

/**
 * An antd Modal that is mounted while it is open. It puts the focus into its first field (antd leaves it on the close
 * button, where a typed space closes the dialog) and gives it back to where it was.
 */
export function Dialog({ children, ...props }: ModalProps) {
  const body = useRef<HTMLDivElement>(null);
  const [opener] = useState(() => (typeof document === 'undefined' ? null : document.activeElement));
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement) opener.focus();
    },
    [opener],
  );
  return (
    <Modal
      open
      {...props}
      afterOpenChange={(isOpen) => {
        if (isOpen) body.current?.querySelector<HTMLElement>('input, textarea')?.focus();
      }}
    >
      <div ref={body}>{children}</div>
    </Modal>
  );
}
