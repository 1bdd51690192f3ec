import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteSource } from '#lib/sources/sqlite/sqlite-source.ts';
import { childrenOf } from '../support/children.ts';
import { sourceContract } from './source.contract.ts';

/** Everything of a database that a person could see. */
function contentOf(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const sound = db.prepare('pragma integrity_check').all();
    const schema = db.prepare('select type, name, tbl_name, sql from sqlite_schema order by 1, 2').all();
    const tables = schema.filter(({ type }) => type === 'table').map(({ name }) => String(name));
    const rows = tables.map((name) => {
      const hash = createHash('sha256');
      for (const row of db.prepare(`select * from "${name.replaceAll('"', '""')}" order by 1`).iterate())
        hash.update(JSON.stringify(row));
      return [name, hash.digest('hex')];
    });
    return { sound, schema, rows };
  } finally {
    db.close();
  }
}

const traits = { hasTables: true, hasChoice: false, hasServer: false, isStreamed: false };
sourceContract('sqlite', traits, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-sqlite-'));
  const path = join(folder, 'shop.db');
  const live = new DatabaseSync(path);
  live.exec(`
    pragma journal_mode = wal;
    create table items (id integer primary key, name text, price real, picture blob);
    create table "odd ""name""" (id text primary key, body text) without rowid;
    create index by_name on items (name);
    create view cheap as select * from items where price < 1;
    insert into items
      with recursive n(v) as (select 1 union all select v + 1 from n where v < 20000)
      select v, 'item ' || v, v / 7.0, randomblob(200) from n;
    insert into "odd ""name""" values ('a', 'b'), ('c', null)`);
  const processes = () => childrenOf(process.pid).filter(({ argv }) => argv.includes('sqlite-process.ts'));
  return Promise.resolve({
    source: createSqliteSource({ kind: 'sqlite', path }),
    table: 'items',
    absent: createSqliteSource({ kind: 'sqlite', path: join(folder, 'gone.db') }),
    processes: () => processes().map(({ argv }) => argv),
    connections: () =>
      Promise.resolve(
        processes().filter(({ pid }) => {
          try {
            const files = readdirSync(`/proc/${String(pid)}/fd`);
            return files.some((file) => readlinkSync(`/proc/${String(pid)}/fd/${file}`) === path);
          } catch {
            return false;
          }
        }).length,
      ),
    content: () => Promise.resolve(contentOf(path)),
    restore: (dump) => {
      const restored = join(folder, 'restored.db');
      writeFileSync(restored, dump);
      try {
        return Promise.resolve(contentOf(restored));
      } finally {
        for (const name of readdirSync(folder).filter((one) => one.startsWith('restored.db')))
          rmSync(join(folder, name));
      }
    },
    change: (change) => {
      live.exec(
        change === 'remove a row'
          ? 'delete from items where id = 20000'
          : `update items set price = 1 where id = 1`,
      );
      return Promise.resolve();
    },
    close: () => {
      live.close();
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
});
