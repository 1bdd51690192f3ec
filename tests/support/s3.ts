import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Secret } from '#lib/core/secret.ts';
import type { S3Config } from '#lib/platform/config.ts';
import { freePort } from './postgres.ts';

const run = promisify(execFile);

export interface TestS3 {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: Secret;
  /** A new bucket; `name` is followed by random letters, so that files may share a server. Returns the whole name. */
  createBucket(name: string): Promise<string>;
  /** What Holdfast needs to reach a bucket; `endpoint` may be that of a proxy in front of the server. */
  config(bucket: string, endpoint?: string): S3Config;
  /** For setting a scene and looking at it, past Holdfast. */
  readonly client: S3Client;
  /** Stops every process that was started, by its id, and removes the folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Daemons in the foreground as children of ours; the kernel kills them when this process dies, however it dies. */
function startDaemon(program: string, args: readonly string[], log: string): ChildProcess {
  const output = openSync(log, 'a');
  try {
    return spawn('setpriv', ['--pdeathsig', 'KILL', program, '-f', ...args], {
      stdio: ['ignore', output, output],
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
    });
  } finally {
    closeSync(output);
  }
}

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function kill(child: ChildProcess): Promise<void> {
  if (isOver(child) || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // The gateway ignores SIGTERM for longer than a test may wait, and nothing of this cluster is kept.
  child.kill('SIGKILL');
  await gone;
}

async function startCeph(): Promise<{ endpoint: string; keys: [string, string]; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-s3-'));
  const inside = (name: string): string => join(folder, name);
  for (const name of ['mon', 'osd', 'rgw', 'run']) mkdirSync(inside(name));
  const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
  const clusterId = randomUUID();
  const keys: [string, string] = [
    `TEST${randomBytes(8).toString('hex').toUpperCase()}`,
    randomBytes(20).toString('hex'),
  ];
  const settings = inside('ceph.conf');
  writeFileSync(
    settings,
    `[global]
fsid = ${clusterId}
mon_host = [v1:127.0.0.1:${monitorPort}]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr2 = false
ms_bind_ipv6 = false
ms_bind_port_min = 10240
ms_bind_port_max = 32000
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_data_avail_crit = 1
mon_data_avail_warn = 2
mon_max_pg_per_osd = 2000
run_dir = ${inside('run')}
admin_socket = ${inside('run')}/$name.asok
pid_file = ${inside('run')}/$name.pid
log_file = ${inside('run')}/$name.log
keyring = ${inside('keyring')}
[mon.a]
mon_data = ${inside('mon')}
[osd]
osd_objectstore = memstore
osd_data = ${inside('osd')}
memstore_device_bytes = 4294967296
osd_class_load_list = *
osd_class_default_list = *
[client]
rgw_data = ${inside('rgw')}
rgw_dns_name = localhost
rgw_thread_pool_size = 32
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
`,
  );
  const daemons: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    // The gateway first: it hangs when its storage goes before it.
    for (const child of daemons.reverse()) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const tool = (program: string, ...args: string[]) =>
    run(program, args, { cwd: '/', timeout: 60_000, env: { ...process.env, LC_ALL: 'C' } });
  const ceph = (program: string, ...args: string[]) => tool(program, '-c', settings, ...args);
  const tail = (name: string): string => readFileSync(inside(`${name}.out`), 'utf8').slice(-2_000);

  try {
    await tool(
      'ceph-authtool',
      '--create-keyring',
      inside('keyring'),
      '--gen-key',
      '-n',
      'mon.',
      '--cap',
      'mon',
      'allow *',
    );
    const caps = ['mon', 'osd', 'mgr'].flatMap((service) => ['--cap', service, 'allow *']);
    await tool('ceph-authtool', inside('keyring'), '--gen-key', '-n', 'client.admin', ...caps);
    await tool(
      'monmaptool',
      '--create',
      '--fsid',
      clusterId,
      '--addv',
      'a',
      `[v1:127.0.0.1:${monitorPort}]`,
      inside('monmap'),
    );
    await ceph('ceph-mon', '-i', 'a', '--mkfs', '--monmap', inside('monmap'), '--keyring', inside('keyring'));
    const monitor = startDaemon('ceph-mon', ['-c', settings, '-i', 'a'], inside('mon.out'));
    daemons.push(monitor);
    const disk = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await ceph('ceph', 'osd', 'new', disk);
        break;
      } catch (error) {
        // A monitor that has only just begun may answer EPERM ("problem getting command descriptions").
        if (isOver(monitor) || attempt === 20)
          throw new Error(`the monitor takes no disk: ${tail('mon')}`, { cause: error });
        await sleep(250);
      }
    }
    await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
    for (let attempt = 1; ; attempt += 1) {
      const osd = startDaemon('ceph-osd', ['-c', settings, '-i', '0'], inside('osd.out'));
      // A new disk races the new monitor and may leave at once; then it is started again.
      await Promise.race([new Promise((resolve) => osd.once('exit', resolve)), sleep(800)]);
      if (!isOver(osd)) {
        daemons.push(osd);
        break;
      }
      if (attempt === 15) throw new Error(`ceph-osd did not start: ${tail('osd')}`);
    }
    await ceph(
      'radosgw-admin',
      'user',
      'create',
      '--uid=test',
      '--display-name=test',
      `--access-key=${keys[0]}`,
      `--secret-key=${keys[1]}`,
    );
    const gateway = startDaemon('radosgw', ['-c', settings, '-n', 'client.rgw.a'], inside('rgw.out'));
    daemons.push(gateway);
    const endpoint = `http://127.0.0.1:${gatewayPort}`;
    for (let attempt = 1; ; attempt += 1) {
      if (isOver(gateway) || attempt === 300) throw new Error(`radosgw did not start: ${tail('rgw')}`);
      if (
        await fetch(endpoint).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        break;
      await sleep(100);
    }
    return { endpoint, keys, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A real S3-compatible server (Ceph's RADOS Gateway) of this test file's own, up in about ten seconds; or the server that
 * TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY and TEST_S3_SECRET_KEY point at.
 */
export async function startS3(): Promise<TestS3> {
  const elsewhere = process.env['TEST_S3_ENDPOINT'];
  const {
    endpoint,
    keys,
    stop: stopServer,
  } = elsewhere === undefined
    ? await startCeph()
    : {
        endpoint: elsewhere,
        keys: [process.env['TEST_S3_ACCESS_KEY'] ?? '', process.env['TEST_S3_SECRET_KEY'] ?? ''],
        stop: () => Promise.resolve(),
      };
  const [accessKey = '', secret = ''] = keys;
  const region = 'us-east-1';
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secret },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const secretKey = new Secret(secret);
  const stop = async (): Promise<void> => {
    client.destroy();
    await stopServer();
  };
  const createBucket = async (name: string): Promise<string> => {
    const bucket = `${name}-${randomBytes(4).toString('hex')}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return bucket;
  };
  try {
    // The first write makes the server create its pools, which takes seconds that no test with a short limit has.
    const first = { Bucket: await createBucket('warm'), Key: 'warm' };
    await client.send(new PutObjectCommand({ ...first, Body: 'warm' }));
    await client.send(new DeleteObjectCommand(first));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint,
    accessKey,
    secretKey,
    createBucket,
    config: (bucket, through = endpoint) => ({ bucket, region, endpoint: through, accessKey, secretKey }),
    client,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
