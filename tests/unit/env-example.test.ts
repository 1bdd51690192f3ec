import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { Environment, parseConfig } from '#lib/platform/config.ts';

const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const example = parseEnv(text) as Record<string, string>;
/** Read by the quickstart alone, before there is a configuration. */
const quickstartOnly = ['HOLDFAST_ADMIN_EMAIL', 'HOLDFAST_ADMIN_PASSWORD'];

test('.env.example names every variable of the configuration, and no other', () => {
  expect(Object.keys(example).sort()).toEqual([...Object.keys(Environment.shape), ...quickstartOnly].sort());
});

test('its values are the defaults: a copy of it changes nothing', () => {
  expect(parseConfig(example)).toEqual(parseConfig({}));
});

test('it holds no value for anything secret', () => {
  for (const name of Object.keys(example).filter((one) => /SECRET|PASSWORD|DATABASE_URL/.test(one)))
    expect(example[name], name).toBe('');
});
