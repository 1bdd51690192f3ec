'use client';
import { Alert, Button } from 'antd';
import type { CreateTokenResponse } from '#lib/contracts/token.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { CommandBlock } from '#components/ui/command-block.tsx';

/** The only time a token is shown. Neither Esc nor a click beside it closes it. */
export function NewToken({
  created,
  onClose,
}: {
  readonly created: CreateTokenResponse;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      title="Your new token"
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onClose} data-testid="token-stored">
          I have stored it
        </Button>
      }
    >
      <div className="hf-stack">
        <Alert
          type="warning"
          showIcon
          title="This is the only time it is shown"
          description="The console keeps a hash of it and cannot show it again. Store it where your program reads its secrets."
        />
        <div data-testid="new-token">
          <CommandBlock command={created.token} what="token" />
        </div>
      </div>
    </Dialog>
  );
}
