'use client';
import { Button } from 'antd';
import { signOut } from 'next-auth/react';
import { useState } from 'react';

export function SignOutButton() {
  const [isPending, setPending] = useState(false);
  return (
    <Button
      data-testid="sign-out"
      loading={isPending}
      onClick={() => {
        setPending(true);
        void signOut({ callbackUrl: '/login' });
      }}
    >
      Sign out
    </Button>
  );
}
