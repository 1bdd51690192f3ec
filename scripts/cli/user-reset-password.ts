import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Email, Password } from '#lib/contracts/user.ts';
import { AppError } from '#lib/core/errors.ts';
import { listUsers, updateUser } from '#lib/services/users.ts';
import { check, commandActor, needOption, readPassword, withBackend, type Command } from './command.ts';

const Request = z.strictObject({ email: Email, password: Password });

export const userResetPassword: Command = {
  name: 'user reset-password',
  summary: 'Give a user a new password and sign them out everywhere',
  details:
    'Without --password-stdin a password is made up and printed, alone, on stdout: it is told only now.',
  options: {
    email: { type: 'string', value: 'EMAIL', help: 'whose password (needed)' },
    'password-stdin': { type: 'boolean', help: 'read the new password from standard input' },
  },
  run: async (values) => {
    const isGiven = values['password-stdin'] === true;
    const { email, password } = check(Request, {
      email: needOption(values, 'email'),
      password: isGiven ? await readPassword() : randomBytes(18).toString('base64url'),
    });
    const user = await withBackend(async (backend) => {
      const { data } = await listUsers(backend);
      const found = data.find((one) => one.email === email);
      if (found === undefined) {
        throw new AppError('not_found', `there is no user with the address ${email}`, {
          hint: 'Make one with: npm run --silent holdfast -- user create --help',
        });
      }
      return updateUser(backend, commandActor('user reset-password'), found.id, { password });
    });
    return {
      line: isGiven ? `Changed the password of ${user.email}.` : password,
      json: { id: user.id, email: user.email, ...(isGiven ? {} : { password }) },
    };
  },
};
