'use client';
import { Alert, Checkbox, Input, Radio } from 'antd';
import dayjs from 'dayjs';
import { useId, useState } from 'react';
import type { LogStretch } from '#lib/contracts/log.ts';
import { secondInstant } from '#lib/client/instants.ts';
import { chooseRecovery, recoveryCommand } from '#lib/client/recovery-instant.ts';
import { CommandBlock } from '#components/ui/command-block.tsx';

const FORMAT = 'YYYY-MM-DDTHH:mm:ss';
const toSecond = (at: string): string => secondInstant(new Date(at));
const parse = (text: string): Date | null => {
  const at = dayjs(text);
  return text !== '' && at.isValid() ? at.toDate() : null;
};

function reachOf({ from, until, lastSegment }: LogStretch): string {
  if (until !== null) return `${toSecond(from)} to ${toSecond(until)}`;
  return lastSegment === null ? `${toSecond(from)} alone` : `from ${toSecond(from)} on`;
}

/** An instant, and the commands that lead there: with this installation's own archive, and nothing to fill in but the key. */
export function RecoveryForm({ stretches }: { readonly stretches: readonly [LogStretch, ...LogStretch[]] }) {
  const [newest] = stretches;
  // Without a later log there is no instant to choose but the end of the base archive.
  const [isLatest, setLatest] = useState(newest.lastSegment === null);
  const [isExclusive, setExclusive] = useState(false);
  const [text, setText] = useState(() =>
    // What is left of its second when the base archive ends lies before that end.
    (newest.until === null ? dayjs(newest.from).add(1, 'second') : dayjs(newest.until)).format(FORMAT),
  );
  const id = useId();
  const at = parse(text);
  const choice = isLatest
    ? chooseRecovery(stretches, null)
    : at === null
      ? null
      : chooseRecovery(stretches, at);
  return (
    <div className="hf-stack">
      <Radio.Group
        className="hf-radio-lines"
        aria-label="Back to"
        value={isLatest}
        onChange={(event) => {
          setLatest(event.target.value === true);
        }}
      >
        <Radio value={false}>An instant</Radio>
        <Radio value data-testid="latest">
          As far as the log goes: the server was lost, and nothing in it was wrong
        </Radio>
      </Radio.Group>
      {!isLatest && (
        <>
          <div>
            <label htmlFor={id} className="hf-label">
              Instant, in {Intl.DateTimeFormat().resolvedOptions().timeZone}
            </label>
            <Input
              id={id}
              className="hf-fields-one"
              type="datetime-local"
              step={1}
              value={text}
              data-testid="instant"
              aria-describedby={`${id}-reach`}
              status={choice !== null && 'outOfReach' in choice ? 'error' : ''}
              onChange={(event) => {
                setText(event.target.value);
              }}
            />
            <div id={`${id}-reach`}>
              {stretches.map((stretch) => (
                <p key={stretch.from} className="hf-help">
                  Reached: {reachOf(stretch)}
                </p>
              ))}
            </div>
          </div>
          <Checkbox
            checked={isExclusive}
            onChange={(event) => {
              setExclusive(event.target.checked);
            }}
          >
            Stop just before it: the mistake itself was made at this very instant
          </Checkbox>
        </>
      )}
      {choice !== null && 'outOfReach' in choice && (
        <Alert type="warning" showIcon role="alert" title={choice.outOfReach} data-testid="out-of-reach" />
      )}
      {choice === null && (
        <Alert type="warning" showIcon role="alert" title="Give a day and a time, to the second." />
      )}
      {choice !== null && 'base' in choice && (
        <ol className="hf-steps" data-testid="recovery-commands">
          <li>
            <h3>Check that it can be done</h3>
            <p className="hf-muted">
              On a machine that has this installation, the log, and the server programs of the same major
              version. Nothing is written.
            </p>
            <CommandBlock
              command={recoveryCommand(choice, { isExclusive, isDryRun: true })}
              what="command: check the recovery"
            />
          </li>
          <li>
            <h3>Bring the server back beside what runs</h3>
            <p className="hf-muted">
              Into a new folder; no server is touched. Every table is read to its end, and the last lines say
              how to take one table out, or let the copy take the server’s place.
            </p>
            <CommandBlock
              command={recoveryCommand(choice, { isExclusive, isDryRun: false })}
              what="command: bring the server back"
            />
          </li>
        </ol>
      )}
    </div>
  );
}
