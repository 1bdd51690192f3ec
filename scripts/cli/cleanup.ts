import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow } from '#db/queries/backup.ts';
import { retainableBackups } from '#db/queries/run.ts';
import { AppError } from '#lib/core/errors.ts';
import { decideRetention } from '#lib/core/retention.ts';
import { retentionPolicy, runRetain } from '#lib/engine/retain.ts';
import { depsOfSources } from '#lib/engine/source-deps.ts';
import { commandActor, withBackend, type Command } from './command.ts';
import { commandDeps } from './command-deps.ts';

export const cleanup: Command = {
  name: 'cleanup',
  summary: 'Let go of the backups that no retention rule keeps',
  details:
    'With --dry-run it only shows what would be kept and dropped, and why. Of each source the newest backup, the last proven\none and all younger than 24 hours are always kept. A worker removes what is let go.',
  writesReport: true,
  options: {
    'dry-run': { type: 'boolean', help: 'show the decisions and change nothing' },
    force: { type: 'boolean', help: 'do it (needed without --dry-run)' },
  },
  run: async (values) => {
    const isDryRun = values['dry-run'] === true;
    if (!isDryRun && values['force'] !== true) {
      throw new AppError('usage', 'cleanup removes backups', {
        hint: 'Look at its decisions with --dry-run, then run it with --force.',
      });
    }
    return withBackend(async (backend) => {
      const { db } = backend;
      const sources = await depsOfSources(await commandDeps(backend));
      const decisions: {
        id: string;
        filename: string;
        decision: 'keep' | 'drop';
        reasons: readonly string[];
      }[] = [];
      for (const source of sources) {
        const rows = await retainableBackups(db, source.sourceId);
        decisions.push(
          ...decideRetention(retentionPolicy(source.config), await catalogueNow(db), rows).map(
            ({ id, decision, reasons }, index) => ({
              id,
              filename: rows[index]?.filename ?? id,
              decision,
              reasons,
            }),
          ),
        );
      }
      const drops = decisions.filter(({ decision }) => decision === 'drop');
      let expired = 0;
      if (!isDryRun) {
        for (const source of sources) expired += await runRetain(source);
        await addAuditEntry(db, commandActor('cleanup'), 'retention.run', null, { expired });
      }
      const lines = decisions
        .toSorted((a, b) => (a.filename < b.filename ? 1 : -1))
        .map(({ decision, filename, reasons }) => `${decision}  ${filename}: ${reasons.join('; ')}`);
      const kept = `${String(decisions.length - drops.length)} kept`;
      return {
        line: [
          ...lines,
          isDryRun
            ? `${kept}, ${String(drops.length)} would be dropped; nothing was changed`
            : `${kept}, ${String(expired)} dropped`,
        ].join('\n'),
        json: { isDryRun, decisions, expired },
      };
    });
  },
};
