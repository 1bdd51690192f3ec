'use client';
import { Collapse } from 'antd';
import { RestoreGuide } from './restore-guide.tsx';

/** BR-009's restore instructions: folded until needed. */
export function RestoreInstructions({ source }: { readonly source: string | null }) {
  return (
    <section aria-label="Restore instructions" data-testid="restore-instructions">
      <Collapse
        className="hf-restore"
        items={[
          {
            key: 'restore',
            label: (
              <span className="hf-restore-label">
                <span className="hf-restore-title">Restore instructions</span>
                <span className="hf-muted">
                  Step by step, with the names of this installation and its newest backup
                </span>
              </span>
            ),
            children: <RestoreGuide source={source} />,
          },
        ]}
      />
    </section>
  );
}
