'use client';
import type { ObjectKind } from '#lib/contracts/facts.ts';
import type { ObjectDifference } from '#lib/client/compare-facts.ts';
import { checkTitle } from '#lib/client/check-words.ts';
import { Paged } from '#components/ui/paged.tsx';

const PAGE = 100;
const changeWord: Record<ObjectDifference['change'], string> = {
  'only-a': 'only in A',
  'only-b': 'only in B',
  changed: 'changed',
};
const noteOf = ({ noteA, noteB }: ObjectDifference): string => {
  if (noteA === noteB) return noteA === null ? '' : ` (${noteA})`;
  if (noteA === null || noteB === null) return ` (${noteA ?? noteB ?? ''})`;
  return ` (${noteA} → ${noteB})`;
};

/** Indexes, constraints, functions and the like that are in one only, or whose definition differs. */
export function ChangedObjects({
  objects,
  unknownKinds,
}: {
  readonly objects: readonly ObjectDifference[];
  readonly unknownKinds: readonly ObjectKind[];
}) {
  return (
    <div className="hf-stack">
      {objects.length === 0 ? (
        <p className="hf-muted">
          {unknownKinds.length === 0
            ? 'Columns, indexes, constraints, views, functions, triggers, policies, owners and grants are the same.'
            : 'No object is known to differ.'}
        </p>
      ) : (
        <Paged rows={objects} size={PAGE} label="Pages of the changed objects">
          {(rows) => (
            <ul className="hf-objects">
              {rows.map((object) => (
                <li
                  key={`${object.kind} ${object.name}`}
                  data-testid="changed-object"
                  data-kind={object.kind}
                  data-change={object.change}
                >
                  <span className="hf-muted hf-object-kind">{checkTitle(object.kind)}</span>
                  <span className="hf-wrap">
                    {object.name}
                    {noteOf(object)}
                  </span>
                  <span className="hf-object-change">{changeWord[object.change]}</span>
                </li>
              ))}
            </ul>
          )}
        </Paged>
      )}
      {unknownKinds.length > 0 && (
        <p className="hf-muted">
          Not compared, because one of the two manifests does not list them:{' '}
          {unknownKinds.map((kind) => checkTitle(kind).toLowerCase()).join(', ')}.
        </p>
      )}
    </div>
  );
}
