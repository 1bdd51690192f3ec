import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import type { Secret } from '#lib/core/secret.ts';
import { backupWhere, filesUnder, isOver, switchProofsOff, type SeenBackup } from './backups.ts';
import { createCatalogue } from './catalogue.ts';
import { createEngine, type TestEngine } from './engine.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startThrottle, type Throttle } from './throttle.ts';
import { startWorkerProcess, type WorkerProcess } from './worker.ts';

/** Bytes per second at which the source's database takes long enough to be met in mid-dump. */
export const SLOW = 1_000_000;

export const isDumping = ({ phase, progressBytes }: SeenBackup): boolean =>
  phase === 'dumping' && progressBytes > 0;

/** Worker processes over one catalogue, and a source behind a throttle; nothing runs by itself. */
export interface WorkerScene {
  /** The catalogue's server is not the source's: one of them restarts while the other goes on. */
  readonly catalogueServer: TestPostgres;
  readonly throttle: Throttle;
  readonly catalogue: Catalogue & { readonly url: Secret };
  readonly engine: TestEngine;
  /** Starts one that ends with its test. */
  launch(environment?: Readonly<Record<string, string>>): WorkerProcess;
  /** The same, once it is ready. */
  startWorker(environment?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** Its row, while it shows that it lives. */
  rowOf(worker: WorkerProcess): Promise<readonly object[]>;
  stored(): string[];
  readonly logs: () => string;
  /** Resolves with the backup once it is COMPLETED and its files are what the catalogue tells of them. */
  completed(id: string): Promise<SeenBackup>;
}

/** To be called once, at the head of a test file: it sets the scene for all of its tests. */
export function workerScene(): WorkerScene {
  let catalogueServer: TestPostgres;
  let source: TestPostgres;
  let throttle: Throttle;
  let catalogue: Catalogue & { readonly url: Secret };
  let engine: TestEngine;
  const running: WorkerProcess[] = [];

  beforeAll(async () => {
    [catalogueServer, source] = await Promise.all([startPostgres(), startPostgres()]);
    throttle = await startThrottle(source.port);
    await source.createDatabase('ims_db');
    await source.sql(
      'ims_db',
      `create table items (id int primary key, name text not null);
     insert into items select i, md5(i::text) from generate_series(1, 1000) i;
     create table blobs (id int primary key, body text not null);
     insert into blobs select i, (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j)
       from generate_series(1, 10000) i;`,
    );
    catalogue = await createCatalogue(catalogueServer);
    await switchProofsOff(catalogue.raw);
    engine = await createEngine(catalogue, {
      PGHOST: '127.0.0.1',
      PGPORT: String(throttle.port),
      PGUSER: 'postgres',
      PGPASSWORD: 'postgres',
      PGDATABASE: 'ims_db',
      BACKUP_SCHEDULE: '0 1 * * *',
    });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await catalogue.close();
    await throttle[Symbol.asyncDispose]();
    await Promise.all([catalogueServer[Symbol.asyncDispose](), source[Symbol.asyncDispose]()]);
  });
  beforeEach(() => {
    throttle.limit(Infinity);
  });
  afterEach(async () => {
    throttle.limit(Infinity);
    await Promise.all(running.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
    await catalogue.raw`update backups set status = 'FAILED' where status = 'IN_PROGRESS'`;
    await catalogue.raw`delete from pgboss.job`;
  });

  const launch: WorkerScene['launch'] = (environment = {}) => {
    const worker = startWorkerProcess({ ...engine.environment, ...environment });
    running.push(worker);
    return worker;
  };
  const stored = (): string[] => filesUnder(engine.config.localPath);
  const logs = (): string => running.map((worker) => worker.log()).join('\n');
  return {
    get catalogueServer() {
      return catalogueServer;
    },
    get throttle() {
      return throttle;
    },
    get catalogue() {
      return catalogue;
    },
    get engine() {
      return engine;
    },
    launch,
    startWorker: async (environment) => {
      const worker = launch(environment);
      await worker.until('worker is ready');
      return worker;
    },
    rowOf: (worker) =>
      catalogue.raw`select pid from workers where pid = ${worker.pid} and heartbeat_at > now() - interval '20 seconds'`,
    stored,
    logs,
    completed: async (id) => {
      const backup = await backupWhere(catalogue.raw, id, isOver, logs);
      expect(backup, logs()).toMatchObject({ status: 'COMPLETED', errorCode: null });
      const bytes = readFileSync(join(engine.config.localPath, backup.filename));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(backup.checksum);
      expect(bytes.length).toBe(backup.sizeBytes);
      expect(stored()).toContain(manifestNameOf(backup.filename));
      expect(backup.copies).toMatchObject([{ destination: 'local', status: 'STORED' }]);
      return backup;
    },
  };
}
