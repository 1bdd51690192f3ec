'use client';
import { useEffect } from 'react';

/** `/` moves the focus to the element with this id, unless the person is typing or a dialog is open. */
export function useSlashFocus(id: string): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"]')) return;
      const element = document.getElementById(id);
      if (element === null) return;
      event.preventDefault();
      element.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, [id]);
}
