'use client';
import { Alert, Button, Input } from 'antd';
import { signIn } from 'next-auth/react';
import { useState, useSyncExternalStore, type SubmitEvent } from 'react';
import { UNAVAILABLE_ERROR } from '#lib/contracts/sign-in.ts';
import { safeCallback } from '#lib/client/safe-callback.ts';
import { signInFailure, type SignInFailure } from '#lib/client/sign-in-failure.ts';

const field = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};

const never = () => () => undefined;

export function SignInForm({
  callbackUrl,
  notice,
}: {
  readonly callbackUrl: string | null;
  readonly notice: string | null;
}) {
  const [failure, setFailure] = useState<SignInFailure | null>(null);
  const [isPending, setPending] = useState(false);
  // Sent before React has taken over, the plain form would post the password to a page that does not read it.
  const isReady = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setPending(true);
    setFailure(null);
    try {
      const result = await signIn('credentials', {
        redirect: false,
        email: field(form, 'email').trim(),
        password: field(form, 'password'),
      });
      if (result?.ok === true && !result.error) {
        // A full load, so that nothing of a former session stays in memory.
        window.location.assign(safeCallback(callbackUrl, window.location.origin));
        return;
      }
      setFailure(signInFailure(result?.error));
    } catch {
      setFailure(signInFailure(UNAVAILABLE_ERROR));
    }
    setPending(false);
  };

  return (
    <form
      className="hf-stack"
      method="post"
      aria-label="Sign in"
      data-testid="sign-in-form"
      onSubmit={(event) => {
        void submit(event);
      }}
    >
      {failure === null && notice !== null && <Alert type="info" showIcon title={notice} />}
      {failure !== null && (
        <Alert
          type={failure.kind === 'throttled' ? 'warning' : 'error'}
          showIcon
          role="alert"
          data-testid="sign-in-failure"
          data-kind={failure.kind}
          title={failure.title}
          description={failure.hint}
        />
      )}
      <div>
        <label htmlFor="email" className="hf-label">
          Email
        </label>
        <Input
          id="email"
          name="email"
          type="email"
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={254}
          size="large"
        />
      </div>
      <div>
        <label htmlFor="password" className="hf-label">
          Password
        </label>
        <Input.Password
          id="password"
          name="password"
          autoComplete="current-password"
          required
          maxLength={256}
          size="large"
        />
      </div>
      <Button
        type="primary"
        htmlType="submit"
        size="large"
        block
        disabled={!isReady}
        loading={isPending}
        data-testid="sign-in"
      >
        Sign in
      </Button>
    </form>
  );
}
