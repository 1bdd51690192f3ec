/** `9 hours`, `3 days`: for a sentence, not for a sum. */
export function roughly(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const say = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return say(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 72 ? say(hours, 'hour') : say(Math.round(hours / 24), 'day');
}
