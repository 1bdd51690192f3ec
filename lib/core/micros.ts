const INSTANT =
  /^(\d{4}-\d{2}-\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*(?:(Z|UTC)|([+-])(\d{2})(?::?(\d{2}))?)$/i;

/**
 * An instant in microseconds since 1970, as exact as PostgreSQL keeps it: `2026-11-29 14:30:00.123456+00`. Null where it is none,
 * or names no offset from UTC.
 */
export function readMicros(text: string): number | null {
  const [
    ,
    day,
    hours,
    minutes,
    seconds = '00',
    fraction = '',
    ,
    sign,
    offsetHours = '00',
    offsetMinutes = '00',
  ] = INSTANT.exec(text.trim()) ?? [];
  if (day === undefined || hours === undefined || minutes === undefined) return null;
  const clock = `${day}T${hours}:${minutes}:${seconds}.000Z`;
  const millis = Date.parse(clock);
  // 31 February would become a day in March.
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== clock) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return (millis - offset) * 1000 + Number(fraction.padEnd(6, '0'));
}

/** `2026-11-29 14:30:00.123456+00`; without a fraction where there is none. */
export function microsText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = micros - seconds * 1_000_000;
  const clock = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return `${clock}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}+00`;
}
