import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from '#lib/core/secret.ts';

it('cannot be printed by accident, however it is looked at', () => {
  const secret = new Secret('hunter2');
  const looks = [
    String(secret),
    'in a text: ' + String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: { secret } }, { depth: null, showHidden: true }),
    JSON.stringify(Object.entries(secret)),
    secret.toString(),
  ];
  expect(looks.join('\n')).not.toContain('hunter2');
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe('hunter2');
});
