import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';

/** Seconds that a command or an answer may take where the file does not say. */
const DEFAULT_SECONDS = 60;

const common = {
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
      'must be letters, digits, "_", "." and "-", starting with a letter or digit',
    ),
  timeoutSeconds: z.number().int().min(1).max(3600).default(DEFAULT_SECONDS),
};

const CommandHook = z.strictObject({
  ...common,
  /** The program by its absolute path, then its arguments; there is no shell. */
  command: z
    .array(z.string().regex(/^[^\0]*$/, 'must not contain a NUL'))
    .min(1)
    .refine((words) => words[0]?.startsWith('/') === true, 'must begin with the absolute path of a program'),
});

const HealthHook = z.strictObject({
  ...common,
  /** Must answer 2xx by itself within the limit. */
  healthUrl: z
    .url({ protocol: /^https?$/, error: 'must be an address that starts with http:// or https://' })
    .refine((url) => {
      const { username, password } = new URL(url);
      return username === '' && password === '';
    }, 'must not hold a user or a password'),
});

const Hook = z.union([CommandHook, HealthHook]);
export type CommandHook = z.infer<typeof CommandHook>;
export type HealthHook = z.infer<typeof HealthHook>;
export type Hook = CommandHook | HealthHook;

const HooksFile = z
  .strictObject({
    before: z.array(CommandHook).max(20).default([]),
    after: z.array(Hook).max(20).default([]),
  })
  .superRefine(({ before, after }, ctx) => {
    const seen = new Set<string>();
    for (const { name } of [...before, ...after]) {
      if (seen.has(name)) ctx.addIssue({ code: 'custom', path: [], message: `names "${name}" twice` });
      seen.add(name);
    }
  });

/** Commands of this server that a restore may name, in the order they run. */
export interface Hooks {
  readonly before: readonly CommandHook[];
  readonly after: readonly Hook[];
}

export const NO_HOOKS: Hooks = { before: [], after: [] };

const VARIABLE = 'HOLDFAST_HOOKS_FILE';

const refuse = (message: string, hint: string, cause?: unknown): never => {
  throw new AppError('config', `${VARIABLE} ${message}`, { hint, fields: { variable: VARIABLE }, cause });
};

/**
 * The commands that restores may name. Throws `config` where the file cannot be read, is not what it must be, or may be written by
 * others than its owner: whoever can write it decides what the worker runs.
 */
export function readHooksFile(path: string): Hooks {
  const mend = `Correct ${path}, or leave ${VARIABLE} empty, and start again.`;
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & 0o022) !== 0)
      refuse(
        `names a file that others may write: ${path}`,
        `Take that right away, for example with "chmod go-w ${path}", and start again.`,
      );
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    return refuse(
      `names a file that cannot be read: ${path}`,
      `Check that ${path} is there and that this user may read it, and start again.`,
      thrown,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse(`names a file that is not JSON: ${path}`, mend);
  }
  const result = HooksFile.safeParse(json);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')} `;
  return refuse(`is wrong in ${path}: ${where}${issue?.message ?? 'is not accepted'}`, mend);
}

/** Of a value that is neither of two kinds, what the kind it looks most like says. */
function deepest(issues: readonly z.core.$ZodIssue[]): { path: PropertyKey[]; message: string } | undefined {
  const [issue] = issues;
  if (issue?.code !== 'invalid_union') return issue;
  const [fewest] = issue.errors.toSorted((a, b) => a.length - b.length);
  const inner = deepest(fewest ?? []);
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] };
}
