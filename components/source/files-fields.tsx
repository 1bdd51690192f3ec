'use client';
import { Alert, Form, Input } from 'antd';
import { secretNames } from '#lib/client/secret-names.ts';
import type { SourceFields } from '#lib/client/source-form.ts';
import { pathFault, relativePaths, relativePathsFault } from '#lib/client/typed-paths.ts';
import { PathField } from './path-field.tsx';

/** Where the files are, and which of them are taken. */
export function FilesFields({ isEncrypted }: { readonly isEncrypted: boolean }) {
  const form = Form.useFormInstance<SourceFields>();
  const path = (Form.useWatch('path', form) as string | undefined) ?? '';
  const only = (Form.useWatch('only', form) as string | undefined) ?? '';
  const secrets =
    isEncrypted || pathFault(path) !== null ? [] : secretNames(path.trim(), relativePaths(only));
  return (
    <>
      <PathField
        label="Path"
        placeholder="/volumes/uploads"
        extra={
          <>
            A folder or one file, as the worker sees it. A Docker volume: mount it into the worker and name
            the mount, such as <code>/volumes/uploads</code>.
          </>
        }
      />
      <div className="hf-fields">
        <Form.Item<SourceFields>
          name="only"
          label={
            <>
              Only these below it <span className="hf-muted">&nbsp;(optional)</span>
            </>
          }
          extra="One path a line; nothing else is taken. For configuration that lies among other things."
          rules={[
            {
              validator: (_, text: string) => {
                const fault = relativePathsFault(text);
                return fault === null ? Promise.resolve() : Promise.reject(new Error(fault));
              },
            },
          ]}
        >
          <Input.TextArea
            className="hf-code-input"
            autoSize={{ minRows: 3, maxRows: 12 }}
            autoComplete="off"
            spellCheck={false}
            placeholder={'.env.production\ndocker/nginx.conf'}
          />
        </Form.Item>
        <Form.Item<SourceFields>
          name="excludes"
          label={
            <>
              Leave out <span className="hf-muted">&nbsp;(optional)</span>
            </>
          }
          extra="One pattern a line, as tar takes them: * stands for anything. What can be made again need not be kept."
        >
          <Input.TextArea
            className="hf-code-input"
            autoSize={{ minRows: 3, maxRows: 12 }}
            autoComplete="off"
            spellCheck={false}
            placeholder={'*.log\ncache/*'}
          />
        </Form.Item>
      </div>
      {secrets.length > 0 && (
        <Alert
          type="warning"
          showIcon
          className="hf-secrets"
          data-testid="unencrypted-secrets"
          title="The archive will not be encrypted"
          description={
            <>
              <p className="hf-wrap">
                {secrets.slice(0, 3).join(', ')}
                {secrets.length > 3 && ` and ${String(secrets.length - 3)} more`}: such names usually hold
                passwords or keys, and whoever can read the archive could read them.
              </p>
              <p>
                Make a key pair with <code>age-keygen</code>, set <code>BACKUP_AGE_RECIPIENTS</code> to its
                public key for console and worker, and start both again. Every archive is encrypted from then
                on; keep the private key elsewhere.
              </p>
            </>
          }
        />
      )}
    </>
  );
}
