import { randomBytes } from 'node:crypto';
import { CreateUserRequest } from '#lib/contracts/user.ts';
import { createUser } from '#lib/services/users.ts';
import { check, commandActor, needOption, readPassword, withBackend, type Command } from './command.ts';

export const userCreate: Command = {
  name: 'user create',
  summary: 'Make a user who can sign in',
  details:
    'Without --password-stdin a password is made up and printed, alone, on stdout: it is told only now.',
  options: {
    email: { type: 'string', value: 'EMAIL', help: 'the address to sign in with (needed)' },
    role: { type: 'string', value: 'ROLE', help: 'admin or viewer (needed)' },
    'password-stdin': { type: 'boolean', help: 'read the password from standard input' },
  },
  run: async (values) => {
    const isGiven = values['password-stdin'] === true;
    const input = check(CreateUserRequest, {
      email: needOption(values, 'email'),
      role: needOption(values, 'role'),
      password: isGiven ? await readPassword() : randomBytes(18).toString('base64url'),
    });
    const user = await withBackend((backend) => createUser(backend, commandActor('user create'), input));
    return {
      line: isGiven ? `Made ${user.role} ${user.email}.` : input.password,
      json: {
        id: user.id,
        email: user.email,
        role: user.role,
        ...(isGiven ? {} : { password: input.password }),
      },
    };
  },
};
