import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { BaseManifest } from '#lib/contracts/base-manifest.ts';
import { Manifest, StageRecord } from '#lib/contracts/manifest.ts';

const text = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8');

function pathsOf(schema: z.ZodType, before = ''): string[] {
  const inner = schema instanceof z.ZodNullable ? (schema.unwrap() as z.ZodType) : schema;
  if (!(inner instanceof z.ZodObject)) return [before];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([name, field]) =>
    pathsOf(field, before === '' ? name : `${before}.${name}`),
  );
}

test('docs/format.md names every field of the manifest and every stage', () => {
  const paths = pathsOf(Manifest);
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !text.includes(`\`${path}\``))).toEqual([]);
  expect(StageRecord.shape.stage.options.filter((stage) => !text.includes(`| \`${stage}\` 1 `))).toEqual([]);
});

test('docs/format.md names every field of the manifest of a base archive', () => {
  const section = text.slice(text.indexOf('## Base archives'), text.indexOf('## The report of a drill'));
  // What both have in common is told with the other one.
  const named = (path: string): boolean =>
    section.includes(`\`${path}\``) || section.includes(`\`${path.split('.')[0] ?? ''}\``);
  expect(pathsOf(BaseManifest).filter((path) => !named(path))).toEqual([]);
});

test('a field that the page does not name is noticed', () => {
  expect(
    pathsOf(Manifest.extend({ surprise: z.string() })).filter((path) => !text.includes(`\`${path}\``)),
  ).toEqual(['surprise']);
});
