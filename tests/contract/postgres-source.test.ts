import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseConfig } from '#lib/platform/config.ts';
import { openSource } from '#lib/sources/registry.ts';
import { freePort, postgresBinDir, startPostgres } from '../support/postgres.ts';
import { sourceContract } from './source.contract.ts';

const CANARY = 'canary-7d21';

const traits = { hasTables: true, hasChoice: true, hasServer: true, isStreamed: true };
sourceContract('postgres', traits, async () => {
  const server = await startPostgres();
  await server.createDatabase('app');
  await server.sql(
    'app',
    `create role reader login superuser password '${CANARY}-right';
     create table items (id int primary key, name text);
     insert into items select g, 'item ' || g from generate_series(1, 1000) g;
     create table blobs (id int, body text);
     insert into blobs select g, (select string_agg(md5(random()::text || g || j), '') from generate_series(1, 64) j)
       from generate_series(1, 5000) g`,
  );
  const open = (more: Record<string, string> = {}) =>
    openSource(
      parseConfig({
        PGHOST: '127.0.0.1',
        PGPORT: String(server.port),
        PGUSER: 'reader',
        PGPASSWORD: `${CANARY}-right`,
        PGDATABASE: 'app',
        PATH: process.env['PATH'],
        ...more,
      }),
    );
  const contentOf = (database: string) =>
    server.sql(
      database,
      `select c.relname, (xpath('/row/n/text()', query_to_xml(format(
           'select md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) as n from %I.%I t', n.nspname, c.relname),
           false, true, '')))[1]::text as fingerprint
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname = 'public' order by 1`,
    );
  return {
    source: open(),
    table: 'items',
    refused: open({ PGPASSWORD: `${CANARY}-wrong` }),
    absent: open({ PGPORT: String(await freePort()) }),
    canary: CANARY,
    processes: () =>
      readdirSync('/proc').flatMap((pid) => {
        try {
          const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          const isOurs =
            argv.split('\0')[0]?.endsWith('pg_dump') === true &&
            readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`PGPORT=${String(server.port)}`);
          return isOurs ? [argv] : [];
        } catch {
          return [];
        }
      }),
    connections: async () =>
      (await server.sql('postgres', `select 1 from pg_stat_activity where usename = 'reader'`)).length,
    content: () => contentOf('app'),
    restore: async (dump) => {
      const name = `restored_${randomUUID().slice(0, 8)}`;
      await server.createDatabase(name);
      const child = spawn(
        join(postgresBinDir(), 'pg_restore'),
        ['--exit-on-error', '--dbname', server.url(name).reveal()],
        { stdio: ['pipe', 'ignore', 'pipe'] },
      );
      const code = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.on('error', () => undefined).end(dump);
      const said = await text(child.stderr);
      if ((await code) !== 0) throw new Error(said);
      return contentOf(name);
    },
    change: async (change) => {
      await server.sql(
        'app',
        change === 'remove a row'
          ? 'delete from items where id = (select max(id) from items)'
          : `update items set name = 'another' where id = 1`,
      );
    },
    kill: () => server.stop('SIGQUIT'),
    revive: () => server.start(),
    close: () => server[Symbol.asyncDispose](),
  };
});
