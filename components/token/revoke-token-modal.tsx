'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { revokeTokenAction } from '#app/actions/token.ts';
import type { TokenRow } from '#lib/contracts/token.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { TypedConfirm } from '#components/ui/typed-confirm.tsx';

export function RevokeTokenModal({
  token,
  onClose,
}: {
  readonly token: TokenRow;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => unwrapAction(revokeTokenAction(token.id)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queryKeys.tokens });
      onClose();
    },
  });
  return (
    <TypedConfirm
      title="Revoke this token?"
      loss={
        <p>
          Every program that uses it is refused from the next request on. It cannot be made valid again;
          create a new one instead.
        </p>
      }
      name={token.name}
      actionLabel="Revoke token"
      isPending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => {
        revoke.mutate();
      }}
      onCancel={onClose}
    />
  );
}
