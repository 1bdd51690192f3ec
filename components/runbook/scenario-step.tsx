'use client';
import { Checkbox } from 'antd';
import Link from 'next/link';
import type { IncidentTick } from '#lib/contracts/runbook.ts';
import type { RunbookStep } from '#lib/runbook/runbook-step.ts';
import { CommandBlock } from '#components/ui/command-block.tsx';
import { Instant } from '#components/ui/instant.tsx';

export function ScenarioStep({
  step,
  tick,
  isPending,
  mayManage,
  onTick,
}: {
  readonly step: RunbookStep;
  readonly tick: IncidentTick | null;
  readonly isPending: boolean;
  readonly mayManage: boolean;
  /** Null while nobody works through the scenario. */
  readonly onTick: ((isDone: boolean) => void) | null;
}) {
  return (
    <li data-testid="step" data-name={step.id} data-status={tick === null ? 'open' : 'done'}>
      <h3>{step.title}</h3>
      <p className="hf-muted">{step.text}</p>
      {step.missing !== undefined && (
        <p className="hf-missing">
          The command is not filled in yet.{' '}
          {mayManage ? (
            <Link href="/settings/general#runbook-commands">Give it in the settings</Link>
          ) : (
            'Ask an administrator to give it'
          )}
          .
        </p>
      )}
      {step.commands.map((command, index) => (
        <CommandBlock
          key={command}
          command={command}
          what={`command${index === 0 ? '' : ` ${String(index + 1)}`}: ${step.title.toLowerCase()}`}
        />
      ))}
      {onTick !== null && (
        <div className="hf-tick">
          <Checkbox
            checked={tick !== null}
            disabled={isPending}
            data-testid="tick"
            aria-label={`Done: ${step.title}`}
            onChange={(event) => {
              onTick(event.target.checked);
            }}
          >
            Done
          </Checkbox>
          {tick !== null && (
            <span className="hf-muted" data-testid="ticked-by">
              by {tick.by}, <Instant at={tick.at} as="plain" />
            </span>
          )}
        </div>
      )}
    </li>
  );
}
