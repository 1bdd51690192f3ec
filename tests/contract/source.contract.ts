import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#lib/core/clock.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Dump, DumpContext, DumpOptions, Source } from '#lib/sources/source.ts';

/** What a kind of source has, and what is not asked of it where it has not. */
export interface SourceTraits {
  /** Facts by table. */
  readonly hasTables: boolean;
  /** A dump of chosen tables. */
  readonly hasChoice: boolean;
  /** Something that answers, asks for a secret, and can go away while it is dumped. */
  readonly hasServer: boolean;
  /** A program that runs as long as the body is read; else the body is read from a file that `dump` has made. */
  readonly isStreamed: boolean;
}

/** One kind of source with something in it, and what the contract needs to look behind it. */
export interface SourceSpec {
  /** Holds at least 4 MB of dump, and where the kind has tables one of the name `table` beside others. */
  readonly source: Source;
  readonly table?: string;
  /** The same source with a wrong secret, where it has one, and one that is not there. */
  readonly refused?: Source;
  readonly absent: Source;
  /** The canary: stands in the secret of `source` and of `refused`, and may stand nowhere else. */
  readonly canary?: string;
  /** argv of every process that dumps this source now. */
  processes(): readonly string[];
  /** Connections to the source that a dump or probe still holds. */
  connections(): Promise<number>;
  /** Restores a dump by stock tools into an empty place; what is there, as one comparable value. */
  restore(dump: Buffer): Promise<unknown>;
  /** The same of the source itself. */
  content(): Promise<unknown>;
  /** Takes one row out of `table`, or changes one value in it, as `change` tells. */
  change?(change: 'remove a row' | 'change a value'): Promise<void>;
  kill?(): Promise<void>;
  revive?(): Promise<void>;
  close(): Promise<void>;
}

const all: DumpOptions = {
  tables: null,
  schemaOnly: false,
  compression: 'none',
  facts: { takesFingerprints: true, fingerprintMaxBytes: 1e9 },
};

/** What every source promises (lib/sources/source.ts); each implementation's test file calls it once. */
export function sourceContract(kind: string, traits: SourceTraits, open: () => Promise<SourceSpec>): void {
  describe(`the contract of a source: ${kind}`, () => {
    let spec: SourceSpec;
    let workDir: string;
    beforeAll(async () => {
      workDir = await mkdtemp(join(tmpdir(), 'hf-run-'));
      spec = await open();
    });
    afterAll(async () => {
      await spec.close();
      await rm(workDir, { recursive: true });
    });

    const logged: string[] = [];
    const note = (msg: string, fields?: object): void => {
      logged.push(msg + inspect(fields, { depth: 9 }));
    };
    const log = { debug: note, info: note, warn: note, error: note, child: () => log };
    const context = (signal: AbortSignal = new AbortController().signal): DumpContext => ({
      signal,
      log,
      clock: systemClock,
      workDir,
    });
    const nothingLeft = async (): Promise<void> => {
      // The server notices a moment later that a client has gone.
      for (let left = 40; left > 0 && (await spec.connections()) > 0; left -= 1) await sleep(50);
      expect({
        processes: spec.processes(),
        connections: await spec.connections(),
        files: await readdir(workDir),
      }).toEqual({ processes: [], connections: 0, files: [] });
    };
    const thrownBy = async (act: () => Promise<unknown>): Promise<AppError> => {
      const error = await act().then(
        () => 'nothing was thrown',
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(AppError);
      return error as AppError;
    };
    /** Starts a dump and takes its first bytes only, so that it still runs. */
    const begin = async (signal?: AbortSignal): Promise<{ dump: Dump; rest: () => Promise<Buffer> }> => {
      const dump = await spec.source.dump(context(signal), all);
      await new Promise((resolve) => dump.body.once('readable', resolve));
      expect(dump.body.read(1)).not.toBeNull();
      return { dump, rest: () => buffer(dump.body) };
    };

    it('probes cheaply and leaves nothing open', async () => {
      const probe = await spec.source.probe(context());
      expect(probe.productVersion).toMatch(/^\d+/);
      expect(probe.sizeBytes).toBeGreaterThan(0);
      expect(Object.values(probe.tools).every((version) => /^\d/.test(version))).toBe(true);
      await nothingLeft();
    });

    it('tells what it is to its user, and leaves nothing open', async () => {
      const { productVersion, sizeBytes } = await spec.source.look(context());
      expect(productVersion).toBe((await spec.source.probe(context())).productVersion);
      expect(sizeBytes).toBeGreaterThan(0);
      await nothingLeft();
    });

    it.each(['none', 'gzip'] as const)(
      'what it dumps (%s) restores to what was there',
      async (compression) => {
        const dump = await spec.source.dump(context(), { ...all, compression });
        const bytes = await buffer(dump.body);
        await dump[Symbol.asyncDispose]();
        expect(await spec.restore(bytes)).toEqual(await spec.content());
        if (traits.hasTables) expect(dump.tables.map(({ name }) => name)).toContain(spec.table);
        else expect(dump.tables).toEqual([]);
        await nothingLeft();
      },
    );

    if (traits.hasChoice) {
      it('says what it dumped: fewer tables when fewer are asked for, and refuses one that is not there', async () => {
        const whole = await spec.source.dump(context(), all);
        await whole[Symbol.asyncDispose]();
        const one = await spec.source.dump(context(), { ...all, tables: [spec.table ?? ''] });
        const bytes = await buffer(one.body);
        await one[Symbol.asyncDispose]();
        expect(one.tables.map(({ name }) => name)).toEqual([spec.table]);
        expect(one.tables.length).toBeLessThan(whole.tables.length);
        expect(await spec.restore(bytes)).not.toEqual(await spec.content());
        const error = await thrownBy(() =>
          spec.source.dump(context(), { ...all, tables: ['no such table'] }),
        );
        expect(error).toMatchObject({ code: 'invalid', fields: { field: 'tables' } });
        await nothingLeft();
      });
    }

    if (traits.hasTables) {
      it('its facts name every dumped table, and differ once a row is gone or a value has changed', async () => {
        const take = async () => {
          await using dump = await spec.source.dump(context(), all);
          await buffer(dump.body);
          const facts = await dump.facts();
          expect(facts.tables.filter(({ unknown }) => unknown !== null)).toEqual([]);
          expect(facts.tables.map(({ name }) => name)).toEqual(dump.tables.map(({ name }) => name));
          const fact = facts.tables.find(({ name }) => name === spec.table);
          return { rows: fact?.rows ?? null, fingerprint: fact?.fingerprint ?? null };
        };
        const before = await take();
        expect(before.fingerprint).not.toBeNull();
        expect(await take()).toEqual(before);
        await spec.change?.('change a value');
        const changed = await take();
        expect(changed.rows).toBe(before.rows);
        expect(changed.fingerprint).not.toBe(before.fingerprint);
        await spec.change?.('remove a row');
        const removed = await take();
        expect(removed.rows).toBe((before.rows ?? NaN) - 1);
        expect(removed.fingerprint).not.toBe(changed.fingerprint);
        await nothingLeft();
      });
    }

    it('facts that are cancelled throw the reason and leave no connection', async () => {
      const stopping = new AbortController();
      const dump = await spec.source.dump(context(stopping.signal), all);
      await buffer(dump.body);
      const reason = new AppError('cancelled', 'stop');
      stopping.abort(reason);
      expect(await thrownBy(() => dump.facts())).toBe(reason);
      await dump[Symbol.asyncDispose]();
      await nothingLeft();
    });

    it('an abandoned dump leaves no process and no connection', async () => {
      const { dump } = await begin();
      if (traits.isStreamed) {
        expect(spec.processes()).toHaveLength(1);
        if (traits.hasServer) expect(await spec.connections()).toBeGreaterThan(1);
      }
      await dump[Symbol.asyncDispose]();
      expect(dump.body.destroyed).toBe(true);
      await nothingLeft();
    });

    it('a cancel ends the body with its reason and leaves no process', async () => {
      const stopping = new AbortController();
      const { dump, rest } = await begin(stopping.signal);
      if (traits.isStreamed) {
        const [argv = ''] = spec.processes();
        expect(argv).not.toBe('');
        if (spec.canary !== undefined) expect(argv).not.toContain(spec.canary);
      }
      const reason = new AppError('cancelled', 'stop');
      stopping.abort(reason);
      expect(await thrownBy(rest)).toBe(reason);
      await dump[Symbol.asyncDispose]();
      await nothingLeft();
    });

    if (!traits.isStreamed) {
      it('a cancel while the dump is being prepared throws its reason and leaves no process and no file', async () => {
        const stopping = new AbortController();
        const dumping = thrownBy(() => spec.source.dump(context(stopping.signal), all));
        for (let left = 400; left > 0 && spec.processes().length === 0; left -= 1) await sleep(5);
        const [argv = ''] = spec.processes();
        expect(argv).not.toBe('');
        if (spec.canary !== undefined) expect(argv).not.toContain(spec.canary);
        const reason = new AppError('cancelled', 'stop');
        stopping.abort(reason);
        expect(await dumping).toBe(reason);
        await nothingLeft();
      });
    }

    it('a cancel before the dump began starts nothing', async () => {
      const reason = new AppError('cancelled', 'stop');
      const error = await thrownBy(async () => {
        await using dump = await spec.source.dump(context(AbortSignal.abort(reason)), all);
        return await buffer(dump.body);
      });
      expect(error).toBe(reason);
      await nothingLeft();
    });

    if (traits.hasServer && traits.isStreamed) {
      it('a server that dies in mid-dump errors the body; nothing is left, and the next dump is whole', async () => {
        const { dump, rest } = await begin();
        await spec.kill?.();
        try {
          const error = await thrownBy(rest);
          expect(error.code).toBe('source_unreachable');
          expect(error.hint).toMatch(/\.$/);
          await dump[Symbol.asyncDispose]();
          expect(spec.processes()).toEqual([]);
        } finally {
          await spec.revive?.();
        }
        const next = await spec.source.dump(context(), all);
        expect(await spec.restore(await buffer(next.body))).toEqual(await spec.content());
        await next[Symbol.asyncDispose]();
        await nothingLeft();
      });
    }

    it('a wrong secret is source_auth, an absent source source_unreachable, for probe and dump alike', async () => {
      for (const [source, code] of [
        [spec.refused, 'source_auth'],
        [spec.absent, 'source_unreachable'],
      ] as const) {
        if (source === undefined) {
          expect(traits.hasServer).toBe(false);
          continue;
        }
        for (const act of [() => source.probe(context()), () => source.dump(context(), all)]) {
          const error = await thrownBy(act);
          expect(error.code).toBe(code);
          expect(error.hint).toMatch(/\.$/);
          if (spec.canary !== undefined) expect(inspect(error, { depth: 9 })).not.toContain(spec.canary);
        }
      }
      await nothingLeft();
    });

    if (traits.hasServer) {
      it('the secret stands in nothing it logged', () => {
        expect(logged.join('\n')).not.toContain(spec.canary);
      });
    }
  });
}
