import { basename, dirname, join } from 'node:path';

/** Beside a copy of a single file, while it is unpacked: a crash may leave it. */
export const unpackingPath = (at: string): string => join(dirname(at), `.${basename(at)}.unpacking`);
