import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppError, type ErrorCode } from '#lib/core/errors.ts';
import type { Storage } from '#lib/storage/storage.ts';
import { killDuringPut, measurePut, quietContext, type StorageSpec } from '../support/storage-spec.ts';

export interface StorageUnderTest {
  readonly storage: Storage;
  /** The same place, for another process. */
  readonly spec: StorageSpec;
  /** The unit in which it stores: what can go wrong goes wrong around multiples of it. */
  readonly partBytes: number;
  /** The largest body for which the place itself refuses the second of two puts that end at the same time. */
  readonly raceProofBytes: number;
  /** How much memory a body of 256 MiB may add, there and back. */
  readonly addedMemoryMiB: number;
  close(): Promise<void>;
}

/** The code of the error that `act` throws. */
export async function codeOf(act: () => Promise<unknown>): Promise<ErrorCode | 'no error'> {
  try {
    await act();
    return 'no error';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** `content` in chunks of 64 KiB, as pipes deliver it. */
export function bodyOf(content: Buffer): Readable {
  let position = 0;
  return new Readable({
    read() {
      this.push(position >= content.length ? null : content.subarray(position, (position += 65_536)));
    },
  });
}

/** A body that delivers `sizeBytes` and then does what `last` says, not before. */
export function bodyThen(sizeBytes: number, last: (body: Readable) => void): Readable {
  let left = sizeBytes;
  return new Readable({
    read() {
      if (left === 0) {
        last(this);
        return;
      }
      const chunk = Buffer.alloc(Math.min(left, 65_536), 1);
      left -= chunk.length;
      this.push(chunk);
    },
  });
}

/** What every storage promises (lib/storage/storage.ts). `setUp` makes an empty place. */
export function storageContract(name: string, setUp: () => Promise<StorageUnderTest>): void {
  describe(`storage contract: ${name}`, () => {
    let place: StorageUnderTest;
    let storage: Storage;
    beforeAll(async () => {
      place = await setUp();
      storage = place.storage;
    });
    afterAll(async () => {
      await storage.close();
      await place.close();
    });
    const newKey = () => `backups/manual/2026-11-21/${randomUUID()}.dump.zst`;
    const keys = async (prefix: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const item of storage.list(quietContext(), prefix)) found.push(item.key);
      return found;
    };
    const inAnHour = () => new Date(Date.now() + 3_600_000);

    it('puts and gets back 0 B, 1 B, one part ± 1 B, 3 parts', async () => {
      const part = place.partBytes;
      for (const sizeBytes of [0, 1, part - 1, part, part + 1, 3 * part]) {
        const key = newKey();
        const content = randomBytes(sizeBytes);
        const stored = await storage.put(quietContext(), key, bodyOf(content), { estimateBytes: sizeBytes });
        expect(stored).toMatchObject({ key, sizeBytes });
        expect(Math.abs(stored.modifiedAt.getTime() - Date.now())).toBeLessThan(60_000);
        expect(await storage.stat(quietContext(), key)).toMatchObject({ key, sizeBytes });
        const back = await buffer(await storage.get(quietContext(), key));
        expect(back.equals(content)).toBe(true);
        await storage.remove(quietContext(), key);
      }
      expect(await keys('')).toEqual([]);
    });

    it('nothing visible when the body errors at byte n, for n in each part; the error is the body’s own', async () => {
      const part = place.partBytes;
      for (const atByte of [0, 1, part - 1, part, part + 1, 2 * part + 7]) {
        const key = newKey();
        const broken = new Error(`pg_dump was killed at ${atByte}`);
        const body = bodyThen(atByte, (stream) => stream.destroy(broken));
        await expect(storage.put(quietContext(), key, body)).rejects.toBe(broken);
        expect(await storage.stat(quietContext(), key)).toBeNull();
      }
      const body = bodyThen(part, (stream) => stream.destroy());
      const cut = newKey();
      await expect(storage.put(quietContext(), cut, body)).rejects.toThrow(/premature|aborted/i);
      expect(await keys('')).toEqual([]);
      expect(await storage.sweep(quietContext(), inAnHour())).toBe(0);
    });

    it('nothing visible when cancelled, whose reason it throws, even while the body is silent', async () => {
      for (const atByte of [10, 2 * place.partBytes + 10]) {
        const key = newKey();
        const controller = new AbortController();
        const reason = new AppError('cancelled', 'cancelled by a person');
        const body = bodyThen(atByte, () => {
          setTimeout(() => {
            controller.abort(reason);
          }, 50);
        });
        await expect(storage.put(quietContext(controller.signal), key, body)).rejects.toBe(reason);
        expect(body.destroyed).toBe(true);
        expect(await storage.stat(quietContext(), key)).toBeNull();
      }
      const aborted = AbortSignal.abort(new AppError('timeout', 'too late'));
      const ctx = quietContext(aborted);
      const body = bodyOf(Buffer.from('x'));
      expect(await codeOf(() => storage.put(ctx, newKey(), body))).toBe('timeout');
      expect(body.destroyed).toBe(true);
      expect(await codeOf(() => storage.stat(ctx, newKey()))).toBe('timeout');
      expect(await keys('')).toEqual([]);
    });

    it('nothing visible when the process is killed, and sweep finds the leftovers, but no younger ones', async () => {
      const key = newKey();
      await killDuringPut(place.spec, key, 3 * place.partBytes);
      expect(await storage.stat(quietContext(), key)).toBeNull();
      expect(await keys('')).toEqual([]);
      expect(await storage.sweep(quietContext(), new Date(Date.now() - 3_600_000))).toBe(0);
      expect(await storage.sweep(quietContext(), inAnHour())).toBe(1);
      expect(await storage.sweep(quietContext(), inAnHour())).toBe(0);
      await killDuringPut(place.spec, key, 3 * place.partBytes);
      await killDuringPut(place.spec, `${key}-other`, 3 * place.partBytes);
      expect(await storage.sweep(quietContext(), inAnHour(), key)).toBe(1);
      expect(await storage.sweep(quietContext(), inAnHour(), key)).toBe(0);
      expect(await storage.sweep(quietContext(), inAnHour())).toBe(1);
      await storage.put(quietContext(), key, bodyOf(Buffer.from('next run')));
      expect(await storage.sweep(quietContext(), inAnHour())).toBe(0);
      expect(await keys('')).toEqual([key]);
      await storage.remove(quietContext(), key);
    });

    it('a second put of a key throws object_exists and changes nothing', async () => {
      const key = newKey();
      await storage.put(quietContext(), key, bodyOf(Buffer.from('first')));
      const second = bodyOf(Buffer.from('second'));
      expect(await codeOf(() => storage.put(quietContext(), key, second))).toBe('object_exists');
      expect(second.destroyed).toBe(true);
      expect((await buffer(await storage.get(quietContext(), key))).toString()).toBe('first');
      await storage.remove(quietContext(), key);
    });

    it('of two puts of one key at once, one wins and the other throws object_exists', async () => {
      for (const sizeBytes of [100, 2 * place.partBytes]) {
        const key = newKey();
        const contents = [Buffer.alloc(sizeBytes, 1), Buffer.alloc(sizeBytes, 2)];
        const results = await Promise.all(
          contents.map((content) => codeOf(() => storage.put(quietContext(), key, bodyOf(content)))),
        );
        if (sizeBytes <= place.raceProofBytes) {
          expect(results.toSorted()).toEqual(['no error', 'object_exists']);
        }
        expect(results).toContain('no error');
        const stored = await buffer(await storage.get(quietContext(), key));
        // Whatever the race, never a mixture, and never the content of a put that threw.
        expect(contents.some((content, n) => results[n] === 'no error' && content.equals(stored))).toBe(true);
        await storage.remove(quietContext(), key);
      }
    });

    it('range within, at and past the end', async () => {
      const key = newKey();
      const content = randomBytes(1000);
      await storage.put(quietContext(), key, bodyOf(content));
      const range = async (start: number, length: number) =>
        buffer(await storage.get(quietContext(), key, { start, length }));
      for (const [start, length] of [
        [0, 1],
        [10, 90],
        [999, 1],
        [0, 1000],
        [500, 0],
        [1000, 0],
      ] as const) {
        expect((await range(start, length)).equals(content.subarray(start, start + length))).toBe(true);
      }
      for (const [start, length] of [
        [0, 1001],
        [999, 2],
        [1000, 1],
        [5000, 10],
        [1001, 0],
      ] as const) {
        expect(await codeOf(() => range(start, length))).toBe('short_read');
      }
      await storage.remove(quietContext(), key);
    });

    it('what is not there: stat is null, get throws object_missing, remove succeeds twice', async () => {
      const key = newKey();
      expect(await storage.stat(quietContext(), key)).toBeNull();
      expect(await codeOf(() => storage.get(quietContext(), key))).toBe('object_missing');
      expect(await codeOf(() => storage.get(quietContext(), key, { start: 0, length: 0 }))).toBe(
        'object_missing',
      );
      await storage.put(quietContext(), key, bodyOf(Buffer.from('x')));
      await storage.remove(quietContext(), key);
      await storage.remove(quietContext(), key);
      expect(await storage.stat(quietContext(), key)).toBeNull();
    });

    it('list is complete and ordered, and tells a/ from a-', async () => {
      const all = ['a-/1', 'a/1', 'a/2/3', 'a0', 'b'].map((key) => `list/${key}`);
      for (const key of all.toReversed()) await storage.put(quietContext(), key, bodyOf(Buffer.from(key)));
      expect(await keys('list/')).toEqual(all);
      expect(await keys('list/a/')).toEqual(['list/a/1', 'list/a/2/3']);
      expect(await keys('list/a-')).toEqual(['list/a-/1']);
      expect(await keys('list/a')).toEqual(all.slice(0, 4));
      expect(await keys('nothing/')).toEqual([]);
      for (const key of all) await storage.remove(quietContext(), key);
    });

    it('hostile keys are refused by every verb', async () => {
      const hostile = [
        '',
        '/',
        '/etc/passwd',
        '../up',
        'a/../../up',
        'a/./b',
        'a//b',
        'a/',
        'nul\0byte',
        'new\nline',
        'back\\slash',
        'spa ce',
        'ünïcode',
        '%2e%2e/x',
        'a?b',
        'd/'.repeat(512) + 'k',
        'k'.repeat(181),
        'x.partial-0b5f',
      ];
      for (const key of hostile) {
        const body = bodyOf(Buffer.from('x'));
        expect([key, await codeOf(() => storage.put(quietContext(), key, body))]).toEqual([key, 'invalid']);
        expect(body.destroyed).toBe(true);
        expect(await codeOf(async () => storage.get(quietContext(), key))).toBe('invalid');
        expect(await codeOf(async () => storage.stat(quietContext(), key))).toBe('invalid');
        expect(await codeOf(async () => storage.remove(quietContext(), key))).toBe('invalid');
      }
      expect(await codeOf(() => keys('../'))).toBe('invalid');
      expect(await codeOf(() => keys('/'))).toBe('invalid');
      const longest = `${'d'.repeat(180)}/`.repeat(5) + 'k'.repeat(1024 - 181 * 5);
      expect(longest.length).toBe(1024);
      await storage.put(quietContext(), longest, bodyOf(Buffer.from('x')));
      expect(await keys('d')).toEqual([longest]);
      await storage.remove(quietContext(), longest);
    });

    it('a get that nobody reads holds nothing, and one that is cancelled errors with the reason', async () => {
      const key = newKey();
      await storage.put(quietContext(), key, bodyOf(randomBytes(2 * place.partBytes)));
      const unread = await storage.get(quietContext(), key);
      unread.destroy();
      await vi.waitFor(() => {
        expect(unread.closed).toBe(true);
      });
      const controller = new AbortController();
      const reason = new AppError('cancelled', 'cancelled by a person');
      const body = await storage.get(quietContext(controller.signal), key);
      controller.abort(reason);
      await expect(buffer(body)).rejects.toBe(reason);
      await storage.remove(quietContext(), key);
    });

    it('bytes survive a hash round trip with flat memory', async () => {
      const key = newKey();
      const { addedBytes, written, read } = await measurePut(place.spec, key, 256 * 1024 * 1024);
      expect(read).toBe(written);
      expect(addedBytes / 1024 / 1024).toBeLessThan(place.addedMemoryMiB);
      for (const found of await keys(key)) await storage.remove(quietContext(), found);
    });
  });
}
