/** Paths, one a line; a long list scrolls inside itself. */
export function PathList({ label, paths }: { readonly label: string; readonly paths: readonly string[] }) {
  return (
    <ul className="hf-paths" aria-label={label} tabIndex={paths.length > 8 ? 0 : undefined}>
      {paths.map((path) => (
        <li key={path}>
          <code className="hf-wrap">{path}</code>
        </li>
      ))}
    </ul>
  );
}
