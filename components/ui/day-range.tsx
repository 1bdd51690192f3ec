'use client';
import { DatePicker, Input } from 'antd';
import dayjs from 'dayjs';
import { useIsNarrow } from './media-query.ts';

const FORMAT = 'YYYY-MM-DD';
const parse = (day: string | null) => {
  const at = day === null ? null : dayjs(day);
  return at?.isValid() === true ? at : null;
};

/** Two calendar days, both inclusive, as `YYYY-MM-DD`. On a narrow screen the device's own date fields. */
export function DayRange({
  from,
  to,
  onChange,
}: {
  readonly from: string | null;
  readonly to: string | null;
  readonly onChange: (from: string | null, to: string | null) => void;
}) {
  const isNarrow = useIsNarrow();
  if (isNarrow) {
    return (
      <div className="hf-days">
        <label>
          <span className="hf-label">From</span>
          <Input
            type="date"
            value={from ?? ''}
            onChange={(event) => {
              onChange(event.target.value === '' ? null : event.target.value, to);
            }}
          />
        </label>
        <label>
          <span className="hf-label">To</span>
          <Input
            type="date"
            value={to ?? ''}
            onChange={(event) => {
              onChange(from, event.target.value === '' ? null : event.target.value);
            }}
          />
        </label>
      </div>
    );
  }
  return (
    <DatePicker.RangePicker
      id={{ start: 'from-day', end: 'to-day' }}
      aria-label="Date range"
      value={[parse(from), parse(to)]}
      allowEmpty={[true, true]}
      placeholder={['From', 'To']}
      format={FORMAT}
      onChange={(days) => {
        onChange(days?.[0]?.format(FORMAT) ?? null, days?.[1]?.format(FORMAT) ?? null);
      }}
    />
  );
}
