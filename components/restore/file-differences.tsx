import type { RestoreLook } from '#lib/contracts/restore.ts';
import { PathList } from '#components/ui/path-list.tsx';

type Files = NonNullable<RestoreLook['files']>;

/** How a restored tree differs from what it would replace, or has replaced: names, never contents. */
export function FileDifferences({
  files: { added, removed, changed, isCut },
  other,
}: {
  readonly files: Files;
  /** What it is set beside: "what is in use". */
  readonly other: string;
}) {
  if (added.length + removed.length + changed.length === 0) {
    return (
      <p data-testid="no-differences">Nothing differs: every name and content is the same as in {other}.</p>
    );
  }
  const lists = [
    ['changed', 'In both, and different', changed],
    ['added', 'Only in the restored copy', added],
    ['removed', `Only in ${other}`, removed],
  ] as const;
  return (
    <>
      <div className="hf-differences">
        {lists.map(([name, title, paths]) => (
          <div key={name} data-testid={`files-${name}`} data-count={paths.length}>
            <h3>
              {title} <span className="hf-muted">{paths.length}</span>
            </h3>
            {paths.length === 0 ? <p className="hf-muted">None</p> : <PathList label={title} paths={paths} />}
          </div>
        ))}
      </div>
      {isCut && <p className="hf-muted">There are more than are listed here.</p>}
    </>
  );
}
