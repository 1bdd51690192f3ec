import { z } from 'zod';

/** Absolute, on the worker's machine, and not the root of everything. */
export const AbsolutePath = z
  .string()
  .min(2)
  .max(1000)
  .regex(/^\/[^\u0000-\u001f\u007f\ud800-\udfff]+$/u, 'must be an absolute path on one line')
  .refine(
    (path) => !path.split('/').some((part) => part === '..' || part === '.') && !/\/(?:\/|$)/.test(path),
    'must not contain "//", "." or "..", nor end with "/"',
  );

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
