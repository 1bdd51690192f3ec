import { Tag } from 'antd';
import type { Tier } from '#lib/contracts/backup.ts';
import { tierWord } from '#lib/client/backup-words.ts';

/** Why it was taken; one backup can carry several. */
export function TierTags({ tiers }: { readonly tiers: readonly Tier[] }) {
  return (
    <span className="hf-tags">
      {tiers.map((tier) => (
        <Tag key={tier} variant="outlined" data-tier={tier}>
          {tierWord[tier]}
        </Tag>
      ))}
    </span>
  );
}
