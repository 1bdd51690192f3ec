import { CreateTokenRequest } from '#lib/contracts/token.ts';
import { createToken } from '#lib/services/tokens.ts';
import { check, commandActor, needOption, withBackend, type Command } from './command.ts';

export const tokenCreate: Command = {
  name: 'token create',
  summary: 'Make an API token and print it, alone, on stdout',
  details:
    'The token is told only now: the catalogue keeps a hash of it. Send it as "Authorization: Bearer hf_…".',
  options: {
    name: { type: 'string', value: 'NAME', help: 'what it is for; shown in the list of tokens (needed)' },
    role: { type: 'string', value: 'ROLE', help: 'admin or viewer (needed)' },
    'expires-in-days': { type: 'string', value: 'N', help: 'days until it ends, or "never" (default: 90)' },
  },
  run: async (values) => {
    const days = values['expires-in-days'];
    const input = check(CreateTokenRequest, {
      name: needOption(values, 'name'),
      role: needOption(values, 'role'),
      ...(days === undefined ? {} : { expiresInDays: days === 'never' ? null : Number(days) }),
    });
    const created = await withBackend((backend) => createToken(backend, commandActor('token create'), input));
    return { line: created.token, json: created };
  },
};
