'use client';
import { Checkbox, Select } from 'antd';
import { useId } from 'react';
import type { Installation } from '#lib/contracts/settings.ts';

export interface BackupOptions {
  readonly tables: readonly string[];
  readonly schemaOnly: boolean;
  /** Null follows the installation. */
  readonly uploadToS3: boolean | null;
}

/** What can be chosen of a manual backup besides its source and its note. */
export function BackupOptionFields({
  installation,
  hasTables,
  value,
  onChange,
}: {
  readonly installation: Installation | undefined;
  /** It is of one PostgreSQL database. */
  readonly hasTables: boolean;
  readonly value: BackupOptions;
  readonly onChange: (next: BackupOptions) => void;
}) {
  const tablesId = useId();
  const set = (next: Partial<BackupOptions>) => {
    onChange({ ...value, ...next });
  };
  return (
    <div className="hf-stack">
      {hasTables && (
        <>
          <div>
            <label htmlFor={tablesId} className="hf-label">
              Only these tables
            </label>
            <Select
              id={tablesId}
              mode="tags"
              open={false}
              suffix={null}
              className="hf-full"
              value={[...value.tables]}
              tokenSeparators={[',', ' ']}
              placeholder="All tables"
              onChange={(tables: string[]) => {
                set({ tables });
              }}
            />
            <span className="hf-help">
              Type names such as items or sales.items, each followed by Enter. Such a backup cannot replace
              the whole database.
            </span>
          </div>
          <Checkbox
            checked={value.schemaOnly}
            onChange={(event) => {
              set({ schemaOnly: event.target.checked });
            }}
          >
            Schema only, without rows
          </Checkbox>
        </>
      )}
      {installation?.storage === 'local' && (
        <div>
          <Checkbox
            checked={value.uploadToS3 === true}
            disabled={installation.s3 === null}
            onChange={(event) => {
              set({ uploadToS3: event.target.checked ? true : null });
            }}
          >
            Upload to S3 as well
          </Checkbox>
          {installation.s3 === null && (
            <span className="hf-help">No S3 storage is configured: set BACKUP_S3_BUCKET and its keys.</span>
          )}
        </div>
      )}
      {installation?.storage === 's3' && (
        <Checkbox
          checked={value.uploadToS3 === false}
          onChange={(event) => {
            set({ uploadToS3: event.target.checked ? false : null });
          }}
        >
          Keep on the local disk instead of S3
        </Checkbox>
      )}
    </div>
  );
}
