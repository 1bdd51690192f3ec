/** Socket codes, the driver's own and SQLSTATEs that mean: a PostgreSQL server is not there, or not taking connections now. */
const codes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ENOENT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** Whether this code of an error of the PostgreSQL driver tells of a connection that is lost or could not be made. */
export const isLostConnection = (code: string): boolean => codes.has(code) || code.startsWith('08');
