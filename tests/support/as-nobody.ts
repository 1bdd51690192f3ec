import { isRoot } from './torture-tree.ts';

const NOBODY = 65_534;

/** Runs `act`, and the programs that it starts, with the rights of nobody in particular: root may do what they test. */
export async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  if (!isRoot) return act();
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
