'use client';
import Link from 'next/link';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { compactCount, countTicks, linePath } from '#lib/client/chart-scale.ts';

export interface ChartPoint {
  readonly key: string;
  readonly at: Date;
  /** Null where it is not known: the line breaks there. */
  readonly value: number | null;
  /** Filled where it is. */
  readonly isSure: boolean;
  /** Words at a marked point, such as `−32 %`; null elsewhere. */
  readonly mark: string | null;
  /** What a screen reader says of it, and what is shown beside the chart when it has focus or the pointer. */
  readonly label: string;
  readonly href: string;
}

const HEIGHT = 260;
const INSET = { top: 28, right: 16, bottom: 28, left: 52 } as const;
const THREE_DAYS_MS = 3 * 86_400_000;
/** Days of an axis; the time of day as well where it spans only a few. */
const axisText = (at: Date, spanMs: number): string =>
  at.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(spanMs < THREE_DAYS_MS ? { hour: '2-digit', minute: '2-digit' } : {}),
  });

/** The width of an element, followed as it changes. */
function useWidth(): readonly [React.RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(720);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(240, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);
  return [ref, width];
}

/**
 * Numbers over time. One stop of the Tab key; arrow keys, Home and End go from point to point, Enter opens it. Marks
 * are a shape and a word, a sure point is filled: nothing is told by colour alone.
 */
export function LineChart({
  title,
  description,
  points,
  hint,
}: {
  readonly title: string;
  readonly description: string;
  readonly points: readonly ChartPoint[];
  /** Shown while no point is looked at. */
  readonly hint: string;
}) {
  const ids = { title: useId(), description: useId() };
  const [box, width] = useWidth();
  const svg = useRef<SVGSVGElement>(null);
  const [active, setActive] = useState<string | null>(null);
  const known = points.filter((point): point is ChartPoint & { value: number } => point.value !== null);
  const last = known.at(-1);
  const looked = known.find(({ key }) => key === active);
  if (last === undefined) return null;

  const ticks = countTicks(Math.max(...known.map(({ value }) => value)));
  const top = ticks.at(-1) ?? 1;
  const times = points.map(({ at }) => at.getTime());
  const [from, until] = [Math.min(...times), Math.max(...times)];
  const plot = { width: width - INSET.left - INSET.right, height: HEIGHT - INSET.top - INSET.bottom };
  const xOf = (at: Date): number =>
    INSET.left + (until === from ? plot.width / 2 : ((at.getTime() - from) / (until - from)) * plot.width);
  const yOf = (value: number): number => INSET.top + plot.height - (value / top) * plot.height;

  const move = (event: KeyboardEvent) => {
    const now = known.findIndex(({ key }) => key === (active ?? last.key));
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: known.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const to = known[Math.min(known.length - 1, Math.max(0, next))];
    if (to === undefined) return;
    setActive(to.key);
    svg.current?.querySelector<SVGAElement>(`[data-key="${CSS.escape(to.key)}"]`)?.focus();
  };
  // Side by side on a phone, three of them with the time of day would run into each other.
  const hasMiddle = plot.width >= 360 || until - from >= THREE_DAYS_MS;
  const dateTicks = until === from ? [from] : hasMiddle ? [from, (from + until) / 2, until] : [from, until];

  return (
    <figure className="hf-chart">
      <figcaption className="hf-chart-readout" aria-hidden data-testid="chart-readout">
        {looked?.label ?? hint}
      </figcaption>
      <div ref={box}>
        <svg
          ref={svg}
          role="group"
          aria-labelledby={ids.title}
          aria-describedby={ids.description}
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${String(width)} ${String(HEIGHT)}`}
          onKeyDown={move}
          onPointerMove={(event) => {
            const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
            const nearest = known.reduce((best, each) =>
              Math.abs(xOf(each.at) - x) < Math.abs(xOf(best.at) - x) ? each : best,
            );
            setActive(nearest.key);
          }}
          onPointerLeave={() => {
            setActive(null);
          }}
        >
          <title id={ids.title}>{title}</title>
          <desc id={ids.description}>{description}</desc>
          <g aria-hidden>
            {ticks.map((tick) => (
              <g key={tick}>
                <line
                  className="hf-chart-grid"
                  x1={INSET.left}
                  x2={width - INSET.right}
                  y1={yOf(tick)}
                  y2={yOf(tick)}
                />
                <text className="hf-chart-text" x={INSET.left - 8} y={yOf(tick) + 4} textAnchor="end">
                  {compactCount(tick)}
                </text>
              </g>
            ))}
            {dateTicks.map((time, index) => (
              <text
                key={time}
                className="hf-chart-text"
                x={xOf(new Date(time))}
                y={HEIGHT - 8}
                textAnchor={
                  dateTicks.length === 1
                    ? 'middle'
                    : index === 0
                      ? 'start'
                      : index === dateTicks.length - 1
                        ? 'end'
                        : 'middle'
                }
              >
                {axisText(new Date(time), until - from)}
              </text>
            ))}
            <path
              className="hf-chart-line"
              d={linePath(
                points.map(({ at, value }) => (value === null ? null : { x: xOf(at), y: yOf(value) })),
              )}
            />
            {looked !== undefined && (
              <line
                className="hf-chart-cursor"
                x1={xOf(looked.at)}
                x2={xOf(looked.at)}
                y1={INSET.top}
                y2={INSET.top + plot.height}
              />
            )}
          </g>
          {known.map((point) => {
            const [x, y] = [xOf(point.at), yOf(point.value)];
            return (
              <Link
                key={point.key}
                href={point.href}
                className="hf-chart-point"
                aria-label={point.label}
                data-key={point.key}
                data-testid="chart-point"
                data-sure={point.isSure}
                data-marked={point.mark !== null}
                tabIndex={point.key === (active ?? last.key) ? 0 : -1}
                onFocus={() => {
                  setActive(point.key);
                }}
              >
                {point.mark === null ? (
                  <circle cx={x} cy={y} r={known.length > 120 ? 2.5 : 4} />
                ) : (
                  <>
                    <path d={`M${String(x - 7)} ${String(y - 6)}h14l-7 12z`} />
                    <text
                      x={x}
                      y={y + 22 < INSET.top + plot.height ? y + 22 : y - 12}
                      textAnchor={x > width - 60 ? 'end' : 'middle'}
                      aria-hidden
                    >
                      {point.mark}
                    </text>
                  </>
                )}
              </Link>
            );
          })}
        </svg>
      </div>
    </figure>
  );
}
