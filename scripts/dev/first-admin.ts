import { createBackend } from '#db/backend.ts';
import { Email, Password } from '#lib/contracts/user.ts';
import { AppError } from '#lib/core/errors.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';
import { createUser, listUsers } from '#lib/services/users.ts';
import { newSecret } from './data-folder.ts';

export interface AdminWish {
  readonly email: string;
  /** Undefined: one is made up and told once. */
  readonly password: string | undefined;
}

/** HOLDFAST_ADMIN_EMAIL and HOLDFAST_ADMIN_PASSWORD; throws `config` naming the one that cannot be used. */
export function readAdminWish(env: NodeJS.ProcessEnv): AdminWish {
  const refuse = (variable: string, reason: string | undefined): never => {
    throw new AppError('config', `${variable} cannot be used: ${reason ?? 'not accepted'}`, {
      hint: `Correct ${variable} in the environment or .env file and start again.`,
      fields: { variable },
    });
  };
  const email = Email.safeParse(env['HOLDFAST_ADMIN_EMAIL'] || 'admin@example.test');
  if (!email.success) return refuse('HOLDFAST_ADMIN_EMAIL', email.error.issues[0]?.message);
  const given = env['HOLDFAST_ADMIN_PASSWORD'] || undefined;
  const password = Password.optional().safeParse(given);
  if (!password.success) return refuse('HOLDFAST_ADMIN_PASSWORD', password.error.issues[0]?.message);
  return { email: email.data, password: password.data };
}

/**
 * Makes the first administrator where there is no user at all. Returns who to sign in as, and the password only when it
 * was made up just now.
 */
export async function ensureFirstAdmin(
  env: NodeJS.ProcessEnv,
  wish: AdminWish,
): Promise<{ readonly email: string | null; readonly newPassword: string | null }> {
  const backend = createBackend(parseConfig(env), {
    applicationName: 'holdfast-quickstart',
    log: createLogger('error', { process: 'quickstart' }),
  });
  try {
    const { data: users } = await listUsers(backend);
    if (users.length > 0) {
      const admin = users.find((user) => user.role === 'admin' && !user.isDisabled);
      return { email: admin?.email ?? null, newPassword: null };
    }
    const password = wish.password ?? newSecret();
    const actor = { kind: 'cli', id: 'quickstart', name: 'quickstart', role: 'admin' } as const;
    const user = await createUser(backend, actor, { email: wish.email, password, role: 'admin' });
    return { email: user.email, newPassword: wish.password === undefined ? password : null };
  } finally {
    await backend.close();
  }
}
