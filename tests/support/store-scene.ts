import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { createBackend, type Backend } from '#db/backend.ts';
import type { Catalogue } from '#db/client.ts';
import type { Facts } from '#lib/contracts/facts.ts';
import { Manifest, manifestNameOf } from '#lib/contracts/manifest.ts';
import type { SourceCreate } from '#lib/contracts/source.ts';
import type { Actor } from '#lib/core/actor.ts';
import type { Secret } from '#lib/core/secret.ts';
import { createSource } from '#lib/services/sources.ts';
import { triggerBackup } from '#lib/services/trigger-backup.ts';
import { requestVerification } from '#lib/services/verifications.ts';
import {
  backupWhere,
  filesUnder,
  isOver,
  switchProofsOff,
  verificationWhere,
  type SeenBackup,
  type SeenVerification,
} from './backups.ts';
import { findProgram } from '#scripts/programs.mjs';
import { createCatalogue } from './catalogue.ts';
import { childrenOf, endAll } from './children.ts';
import { createEngine, type TestEngine } from './engine.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startWorkerProcess, type WorkerProcess } from './worker.ts';
import { isDumping } from './worker-scene.ts';

export const ADMIN: Actor = { kind: 'cli', id: 'test', name: 'test', role: 'admin' };

type Place =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'files';
      readonly path: string;
      readonly only: string[] | null;
      readonly excludes: string[];
    }
  | {
      readonly kind: 'redis';
      readonly host: string;
      readonly port: number;
      readonly user: string | null;
      readonly password: string | null;
    };

/** A worker process over a catalogue with sources that are no PostgreSQL databases; nothing runs by itself. */
export interface StoreScene {
  readonly engine: TestEngine;
  readonly backend: Backend;
  readonly catalogue: Catalogue & { readonly url: Secret };
  /** Starts one that ends with its test, once it is ready. */
  startWorker(environment?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** The environment of a worker whose zstd takes nothing in, so that a dump stays where it is. */
  readonly stuck: () => Readonly<Record<string, string>>;
  addSource(place: Place): Promise<string>;
  /** Asks for a manual backup. */
  ask(sourceId: string): Promise<string>;
  /** The same, and waits until it is over. */
  backUp(sourceId: string): Promise<SeenBackup>;
  /** Kills a worker with SIGKILL once its backup of this source is staged, and starts another: what that makes of it. */
  killInMidDump(sourceId: string): Promise<SeenBackup>;
  prove(backupId: string): Promise<SeenVerification>;
  manifestOf(backup: SeenBackup): Manifest;
  /** Undoes zstd with the stock program; the path of the plain dump. */
  open(backup: SeenBackup): Promise<string>;
  /** Everything under the folders of runs. */
  left(): string[];
  readonly logs: () => string;
}

export const factsIn = (manifest: Manifest): readonly { name: string; rows: number | null }[] =>
  manifest.facts.tables.map(({ name, rows }: Facts['tables'][number]) => ({ name, rows }));

/** To be called once, at the head of a test file: it sets the scene for all of its tests. */
export function storeScene(environment: Readonly<Record<string, string>> = {}): StoreScene {
  let server: TestPostgres;
  let catalogue: Catalogue & { readonly url: Secret };
  let engine: TestEngine;
  let backend: Backend;
  const running: WorkerProcess[] = [];
  let count = 0;

  beforeAll(async () => {
    server = await startPostgres();
    catalogue = await createCatalogue(server);
    engine = await createEngine(catalogue, {
      HOLDFAST_SECRET: 'a secret of these tests that nobody else has',
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
      PGDATABASE: 'postgres',
      BACKUP_ENABLED: 'false',
      BACKUP_MANUAL_INTERVAL_MINUTES: '0',
      ...environment,
    });
    await switchProofsOff(catalogue.raw);
    backend = createBackend(engine.config);
  });
  afterAll(async () => {
    await backend.close();
    await engine[Symbol.asyncDispose]();
    await catalogue.close();
    await server[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
    await catalogue.raw`update backups set status = 'FAILED' where status = 'IN_PROGRESS'`;
    await catalogue.raw`delete from pgboss.job`;
  });

  const logs = (): string => running.map((worker) => worker.log()).join('\n');
  const left = (): string[] => filesUnder(join(engine.config.dataDir, 'runs'));
  const startWorker = async (more: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> => {
    const worker = startWorkerProcess({ ...engine.environment, ...more });
    running.push(worker);
    await worker.until('worker is ready');
    return worker;
  };
  const stuck = (): Readonly<Record<string, string>> => {
    const folder = join(engine.folder, 'stuck');
    mkdirSync(folder, { recursive: true });
    const script = `#!/bin/sh\ncase $1 in --version) exec ${findProgram('zstd') ?? ''} --version ;; *) exec sleep 600 ;; esac\n`;
    writeFileSync(join(folder, 'zstd'), script, { mode: 0o755 });
    return { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  };
  const ask = async (sourceId: string): Promise<string> =>
    (await triggerBackup(backend, ADMIN, { sourceId })).id;
  return {
    get engine() {
      return engine;
    },
    get backend() {
      return backend;
    },
    get catalogue() {
      return catalogue;
    },
    startWorker,
    stuck,
    addSource: async (place) => {
      count += 1;
      const source = {
        ...place,
        name: `store ${String(count)}`,
        environment: 'staging',
        filePrefix: `store${String(count)}`,
        schedule: null,
        retention: null,
        verification: null,
      } satisfies SourceCreate;
      return (await createSource(backend, ADMIN, source)).id;
    },
    ask,
    backUp: async (sourceId) => backupWhere(catalogue.raw, await ask(sourceId), isOver, logs),
    killInMidDump: async (sourceId) => {
      const worker = await startWorker(stuck());
      const id = await ask(sourceId);
      await backupWhere(catalogue.raw, id, isDumping, logs);
      const children = childrenOf(worker.pid);
      await worker.kill('SIGKILL');
      // The programs between which its bytes went are nobody's here; what they would do by themselves is not of this test.
      endAll(children);
      expect(left()).toContain('staged');
      await startWorker();
      return backupWhere(catalogue.raw, id, isOver, logs);
    },
    prove: async (backupId) => {
      const { id } = await requestVerification(backend, ADMIN, backupId, { depth: 'restore' });
      return verificationWhere(catalogue.raw, id, ({ status }) => status !== 'IN_PROGRESS', logs);
    },
    manifestOf: ({ filename }) =>
      Manifest.parse(
        JSON.parse(readFileSync(join(engine.config.localPath, manifestNameOf(filename)), 'utf8')),
      ),
    open: async ({ filename }) => {
      expect(filename).toMatch(/\.zst$/);
      const plain = join(engine.folder, filename.replace(/\.zst$/, ''));
      const archive = join(engine.config.localPath, filename);
      await promisify(execFile)('zstd', ['-d', '-q', '-f', '-o', plain, archive]);
      return plain;
    },
    left,
    logs,
  };
}
