/** A round step of 1, 2 or 5 times a power of ten, so that about `count` of them reach `max`. */
function roundStep(max: number, count: number): number {
  const raw = max / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 5].find((each) => each * power >= raw) ?? 10) * power;
}

/** Ticks of whole numbers from 0 to the first round one at or above `max`. */
export function countTicks(max: number, count = 4): readonly number[] {
  if (max <= 0) return [0, 1];
  const step = Math.max(1, roundStep(max, count));
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => index * step);
}

/** `950`, `12k`, `1.5M`: for an axis, where the exact number stands beside it. */
export function compactCount(value: number): string {
  const units = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  const unit = units.find(([size]) => value >= size);
  if (unit === undefined) return String(value);
  const scaled = value / unit[0];
  return `${scaled >= 100 || Number.isInteger(scaled) ? scaled.toFixed(0) : scaled.toFixed(1)}${unit[1]}`;
}

/** The lines between points: broken wherever a value is not known. */
export function linePath(points: readonly ({ readonly x: number; readonly y: number } | null)[]): string {
  let isOpen = false;
  return points
    .map((point) => {
      if (point === null) {
        isOpen = false;
        return '';
      }
      const command = `${isOpen ? 'L' : 'M'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
      isOpen = true;
      return command;
    })
    .join('');
}
