import { Alert, Button } from 'antd';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

/** How saving went, and the button for it. */
export function FormEnd({
  save,
  failedTitle,
}: {
  readonly save: {
    readonly isPending: boolean;
    readonly isSuccess: boolean;
    readonly isError: boolean;
    readonly error: unknown;
  };
  /** "The settings were not saved". */
  readonly failedTitle: string;
}) {
  return (
    <div className="hf-stack hf-form-end">
      {save.isError && <ProblemAlert error={save.error} title={failedTitle} />}
      {save.isSuccess && <Alert type="success" showIcon role="status" title="Saved" data-testid="saved" />}
      <div>
        <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="save-settings">
          Save
        </Button>
      </div>
    </div>
  );
}
