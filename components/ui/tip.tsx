'use client';
import { Tooltip } from 'antd';
import { cloneElement, useState, type FocusEvent, type ReactElement, type ReactNode } from 'react';

/** What takes the focus of a tip. */
export interface Focusable {
  readonly onFocus?: (event: FocusEvent) => void;
  readonly onBlur?: (event: FocusEvent) => void;
}

/**
 * A tooltip on hover and on keyboard focus of `children`; nothing where `title` is null. antd's own focus trigger
 * flushes inside React's commit when a dialog takes the focus away, which React refuses.
 */
export function Tip({
  title,
  children,
}: {
  readonly title: ReactNode;
  readonly children: ReactElement<Focusable>;
}) {
  const [isHovered, setHovered] = useState(false);
  const [isFocused, setFocused] = useState(false);
  return (
    <Tooltip
      title={title}
      open={title !== null && (isHovered || isFocused)}
      trigger={['hover']}
      styles={{ root: { maxWidth: 360 } }}
      onOpenChange={(isOpen) => {
        setHovered(isOpen);
        if (!isOpen) setFocused(false);
      }}
    >
      {cloneElement(children, {
        onFocus: (event) => {
          // A click focuses too; there the pointer already shows it.
          if (event.target.matches(':focus-visible')) setFocused(true);
        },
        onBlur: () => {
          setFocused(false);
        },
      })}
    </Tooltip>
  );
}
