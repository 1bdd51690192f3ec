const KEEP_BYTES = 64 * 1024;

/** Keeps the end of a stderr of any length, with every secret masked. */
export function stderrTail(secrets: readonly string[]): { add(chunk: Buffer): void; text(): string } {
  const known = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  const longest = Math.max(0, ...known.map((secret) => Buffer.byteLength(secret)));
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let isCut = false;
  return {
    add: (chunk) => {
      kept.push(chunk);
      keptBytes += chunk.length;
      if (keptBytes <= 2 * KEEP_BYTES + longest) return;
      const end = Buffer.concat(kept).subarray(-(KEEP_BYTES + longest));
      // A copy: the slice would hold the whole chunk in memory.
      kept = [Buffer.from(end)];
      keptBytes = end.length;
      isCut = true;
    },
    text: () => {
      // The cut may have left the second half of a secret at the very start, which no comparison would find.
      let text = Buffer.concat(kept)
        .subarray(isCut ? longest : 0)
        .toString('utf8');
      for (const secret of known) text = text.replaceAll(secret, '[secret]');
      return text.slice(-KEEP_BYTES);
    },
  };
}
