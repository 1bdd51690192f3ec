import { expect, test } from 'vitest';
import { sentence } from '#lib/client/sentence.ts';

test.each([
  ['the database refused the sign-in of ims_user', 'The database refused the sign-in of ims_user.'],
  ['read-only: nothing can be written', 'Read-only: nothing can be written.'],
  ['ims_user may not read all of the database', 'ims_user may not read all of the database.'],
  ['shop2 is away', 'shop2 is away.'],
  ['Is it there?', 'Is it there?'],
])('%s', (message, read) => {
  expect(sentence(message)).toBe(read);
});
