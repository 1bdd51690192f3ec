/** Bytes a second, smoothed so that a page showing it stays readable: about the last ten seconds count. */
export interface RateMeter {
  /** Tells the meter how many bytes are done; returns the rate, or null before there is one. */
  observe(bytes: number, at: Date): number | null;
}

const MEMORY_SECONDS = 10;

export function createRateMeter(): RateMeter {
  let last: { bytes: number; at: number } | undefined;
  let rate: number | null = null;
  return {
    observe: (bytes, at) => {
      const now = at.getTime();
      // Fewer bytes than before: a new phase began, and the old one's speed says nothing about it.
      if (last === undefined || bytes < last.bytes) {
        last = { bytes, at: now };
        rate = null;
        return rate;
      }
      const seconds = (now - last.at) / 1000;
      // A clock set back, or two looks at once: there is nothing to divide by.
      if (seconds <= 0) return rate;
      const current = (bytes - last.bytes) / seconds;
      const weight = 1 - Math.exp(-seconds / MEMORY_SECONDS);
      rate = rate === null ? current : rate + (current - rate) * weight;
      last = { bytes, at: now };
      return Math.round(rate);
    },
  };
}
