const TAIL = 15;
/** A shorter start than this tells nothing, and would be held apart from the rest. */
const HEAD = 4;

/** A long name on one line, cut in the middle where it does not fit: its start and its end tell names apart. */
export function MiddleCut({ text }: { readonly text: string }) {
  const at = text.length < HEAD + TAIL ? text.length : text.length - TAIL;
  return (
    <span className="hf-cut" title={text}>
      <span className="hf-cut-head">{text.slice(0, at)}</span>
      <span className="hf-cut-tail">{text.slice(at)}</span>
    </span>
  );
}
