import { z } from 'zod';

/** Absolute, on the worker's machine, and not the root of everything. */
export const AbsolutePath = z
  .string()
  .min(2, 'must name something below "/"')
  .max(1000, 'must not be longer than 1000 characters')
  .regex(/^\/[^\u0000-\u001f\u007f\ud800-\udfff]+$/u, 'must be an absolute path on one line')
  .refine(
    (path) => !path.split('/').some((part) => part === '..' || part === '.') && !/\/(?:\/|$)/.test(path),
    'must not contain "//", "." or "..", nor end with "/"',
  );

/**
 * One rename of an exchange of paths: `out` puts aside what is live, `in` brings in what was restored, or kept. `from` of an `in` and `to`
 * of an `out` are names that only this exchange uses.
 */
export interface ExchangeStep {
  readonly kind: 'out' | 'in';
  readonly from: string;
  readonly to: string;
}

/** Below the source's path. */
export const RelativePath = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]+$/u, 'must be one line')
  .refine(
    (path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'must be a path below the folder, without "." and ".."',
  );
