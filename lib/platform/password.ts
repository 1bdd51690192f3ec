import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** OWASP's scrypt recommendation: 128 · N · r = 128 MB would starve a small machine; N = 2^15, r = 8, p = 3 is its equal. */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const HASH_BYTES = 32;

const derive = (password: string, salt: Buffer, length: number, cost: ScryptOptions): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    // Node's default memory limit is just below what N = 2^15, r = 8 needs.
    scrypt(password.normalize('NFKC'), salt, length, { ...cost, maxmem: 256 * 1024 * 1024 }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. The parameters stand in the hash, so that they can be raised. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, HASH_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** False for a wrong password and for a hash that is not ours; takes as long either way. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const match = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]+)\$([\w-]+)$/.exec(stored ?? '');
  const [, N, r, p, salt, hash] = match ?? [];
  if (N === undefined || r === undefined || p === undefined || salt === undefined || hash === undefined) {
    // An unknown user must cost as much as a known one, or the clock tells who exists.
    await derive(password, Buffer.alloc(16), HASH_BYTES, COST);
    return false;
  }
  const expected = Buffer.from(hash, 'base64url');
  const actual = await derive(password, Buffer.from(salt, 'base64url'), expected.length, {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  });
  return timingSafeEqual(actual, expected);
}
