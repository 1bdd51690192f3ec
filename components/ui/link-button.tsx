'use client';
import { Button, type ButtonProps } from 'antd';
import { useRouter } from 'next/navigation';

/** A button that is a link: opens in another tab as links do, and else without a full load. */
export function LinkButton({ href, onClick, ...props }: ButtonProps & { readonly href: string }) {
  const router = useRouter();
  return (
    <Button
      {...props}
      href={href}
      onClick={(event) => {
        onClick?.(event);
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        router.push(href);
      }}
    />
  );
}
