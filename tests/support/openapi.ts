import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Actor } from '#lib/core/actor.ts';
import { Problem } from '#lib/contracts/problem.ts';
import type { RouteSpec } from '#lib/http/route.ts';
import { ROOT } from './temporary-tree.ts';

type Spec = RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;
type Json = Record<string, unknown>;

const VIEWER: Actor = { kind: 'user', id: 'viewer', name: 'viewer', role: 'viewer' };
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Every handler that `route()` made, by path and method, sorted by path. */
async function routesOfApp(): Promise<{ path: string; method: string; spec: Spec }[]> {
  const files = globSync('app/api/**/route.ts', { cwd: ROOT }).toSorted();
  const found = await Promise.all(
    files.map(async (file) => {
      const module = (await import(join(ROOT, file))) as Record<string, { spec?: Spec } | undefined>;
      const path = dirname(file).slice('app'.length).replaceAll('[', '{').replaceAll(']', '}');
      return METHODS.flatMap((method) => {
        const spec = module[method]?.spec;
        return spec === undefined ? [] : [{ path, method: method.toLowerCase(), spec }];
      });
    }),
  );
  return found.flat();
}

/** What the contracts export, by name: each becomes a component that the answers refer to. */
async function namedContracts(): Promise<z.core.$ZodRegistry<{ id: string }>> {
  const registry = z.registry<{ id: string }>();
  for (const file of globSync('lib/contracts/*.ts', { cwd: ROOT }).toSorted()) {
    const module = (await import(join(ROOT, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      if (value instanceof z.ZodObject && !registry.has(value)) registry.add(value, { id: name });
    }
  }
  return registry;
}

const withoutDialect = (schema: Json): Json =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));

/** What a client sends: a date is a string there, and what has a default may be left out. */
const inputSchema = (schema: z.ZodType): Json =>
  withoutDialect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'openapi-3.0' }));

const parametersOf = (where: 'path' | 'query', schema: z.ZodType | undefined): Json[] => {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = inputSchema(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
};

/** `postBackupByIdVerify`: what a generated client calls it. */
const operationId = (method: string, path: string): string =>
  path
    .replace(/^\/api\/v1(\/admin)?/, method)
    .replace(/\{(\w+)\}/g, 'by-$1')
    .replace(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase());

const PROBLEM = { $ref: '#/components/schemas/Problem' };

/** The API as OpenAPI 3.0: nothing in it is written by hand but this frame. */
export async function describeApi(): Promise<Json> {
  const registry = await namedContracts();
  const { schemas } = z.toJSONSchema(registry, {
    io: 'output',
    unrepresentable: 'any',
    target: 'openapi-3.0',
    uri: (id) => `#/components/schemas/${id}`,
  });
  const used = new Set<string>();
  const answerOf = (schema: z.ZodType): Json => {
    const name = registry.get(schema)?.id;
    if (name === undefined) return inputSchema(schema);
    used.add(name);
    return { $ref: `#/components/schemas/${name}` };
  };

  const paths: Record<string, Json> = {};
  for (const { path, method, spec } of await routesOfApp()) {
    const operation = {
      operationId: operationId(method, path),
      tags: [path.split('/').find((part) => !['', 'api', 'v1', 'admin'].includes(part)) ?? 'api'],
      'x-role': spec.can(VIEWER) ? 'viewer' : 'admin',
      parameters: [...parametersOf('path', spec.params), ...parametersOf('query', spec.query)],
      ...(spec.body === undefined
        ? {}
        : { requestBody: { content: { 'application/json': { schema: inputSchema(spec.body) } } } }),
      responses: {
        [String(spec.status ?? 200)]: {
          description: 'Done, or accepted.',
          content: { [spec.contentType ?? 'application/json']: { schema: answerOf(spec.output) } },
        },
        default: {
          description: 'A problem: docs/errors.md lists the codes.',
          content: { 'application/problem+json': { schema: PROBLEM } },
        },
      },
    };
    paths[path] = { ...paths[path], [method]: operation };
  }

  used.add(registry.get(Problem)?.id ?? '');
  const components: Record<string, Json> = {};
  // A component may refer to others: each that is reached is kept, and no more.
  for (const name of used) {
    const schema = withoutDialect(schemas[name] as Json);
    components[name] = schema;
    for (const [, other] of JSON.stringify(schema).matchAll(/#\/components\/schemas\/(\w+)"/g))
      if (other !== undefined) used.add(other);
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Holdfast',
      version: 'v1',
      description:
        'Backups of PostgreSQL that prove their restores. Errors are problem documents (RFC 9457).',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'hf_…' } },
      schemas: Object.fromEntries(Object.entries(components).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}
