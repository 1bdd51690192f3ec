import { z } from 'zod';

/** RFC 9457 problem document; every error of the API has this shape (application/problem+json). */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  /** A code of the error table (docs/errors.md). */
  code: z.string(),
  hint: z.string().optional(),
  requestId: z.string(),
  /** On 422: one entry for each refused field. */
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What a server action answers: actions never throw to the browser. */
export type ActionResult<T> =
  { readonly ok: true; readonly data: T } | { readonly ok: false; readonly problem: Problem };
