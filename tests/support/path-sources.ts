import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCreate } from '#lib/contracts/source.ts';
import { createSource } from '#lib/services/sources.ts';
import { CLI } from './api.ts';
import type { RestoreApi } from './restore-api.ts';

const CHOICES = { environment: 'production', schedule: null, retention: null, verification: null } as const;

/** Adds a source of this place, called by `name`. */
export async function addPathSource(
  scene: RestoreApi,
  name: string,
  place:
    | {
        readonly kind: 'files';
        readonly path: string;
        readonly only?: string[];
        readonly excludes?: string[];
      }
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'redis'; readonly port: number; readonly password: string },
): Promise<string> {
  const more =
    place.kind === 'redis'
      ? { host: '127.0.0.1', user: null }
      : place.kind === 'files'
        ? { only: place.only ?? null, excludes: place.excludes ?? [] }
        : {};
  const input = { ...CHOICES, ...place, ...more, name, filePrefix: name } as SourceCreate;
  return (await createSource(scene.api.backend, CLI, input)).id;
}

/** A folder of the test's own whose path leads through no link; gone when disposed. */
export function machineFolder(): Disposable & { readonly path: string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'hf-paths-')));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Every entry below a folder with what is in it, by its path; a folder of its own is `null`. */
export function treeOf(folder: string): Readonly<Record<string, string | null>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const at = join(entry.parentPath, entry.name);
    const content = entry.isDirectory()
      ? null
      : entry.isSymbolicLink()
        ? `-> ${readlinkSync(at)}`
        : readFileSync(at, 'utf8');
    return [at.slice(folder.length + 1), content] as const;
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
