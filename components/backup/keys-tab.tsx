'use client';
import { keysText } from '#lib/client/held-words.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { FactList } from '#components/ui/fact-list.tsx';
import { LoadState } from '#components/ui/load-state.tsx';

/** How many keys each database of a Redis server had, from the manifest. */
export function KeysTab({ id }: { readonly id: string }) {
  const manifest = useManifest(id);
  const { data } = manifest;
  if (data === undefined) return <LoadState query={manifest} title="The keys could not be loaded" />;
  const databases = data.manifest.facts.keys?.databases ?? [];
  if (databases.length === 0)
    return <EmptyState title="No keys">The server held no key when this was taken.</EmptyState>;
  return (
    <div className="hf-stack">
      <FactList
        testId="key-facts"
        facts={databases.map((database) => [`Database ${String(database.index)}`, keysText(database)])}
      />
      <p className="hf-muted">
        Counted just before and just after the snapshot was taken: where keys came or went meanwhile, both
        numbers are given, and a restored copy must lie between them.
      </p>
    </div>
  );
}
