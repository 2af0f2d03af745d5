import { useEffect, useRef, useState, type CSSProperties } from 'react';
import type { Call, Explanation } from '../../api/generated';
import { nanos } from '../../parts/numbers';

const LANE = 38;
const BAR = 18;
const LEFT = 132;
const RIGHT = 64;
const TOP = 6;
const PACKETS = 26;

/** A call drawn over time: a lane for each owner, a bar for each phase, a tick for each instant the
 * kernel saw. Zero is the first byte that the gateway read; what lies before it happened in the
 * client's network and in the kernel. */
export function Waterfall({ call }: { call: Call }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(960);
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => setWidth(Math.max(640, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { lanes, marks } = call.explanation;
  const span = spanOf(call);
  const x = (at: number) =>
    LEFT + ((at - span.from) / (span.to - span.from)) * (width - LEFT - RIGHT);
  const packets = TOP + lanes.length * LANE;
  const height = packets + PACKETS;
  return (
    <div className="waterfall" ref={place} tabIndex={0} role="region" aria-label="Waterfall">
      <svg width={width} height={height + 26} role="img" aria-label={call.explanation.sentence}>
        {ticks(span, width - LEFT - RIGHT).map((at) => (
          <g key={at}>
            <line className={at === 0 ? 'zero' : 'grid'} x1={x(at)} x2={x(at)} y1={0} y2={height} />
            <text className="axis" x={x(at)} y={height + 17} textAnchor="middle">
              {nanos(at)}
            </text>
          </g>
        ))}
        {lanes.map((lane, row) => (
          <g
            key={lane.owner}
            transform={`translate(0 ${TOP + row * LANE})`}
            style={{ '--owner': `var(--owner-${lane.owner})` } as CSSProperties}
          >
            <text
              className={`lane-name ${lane.bars.length === 0 ? 'lane-none' : ''}`}
              x={0}
              y={LANE / 2}
              dominantBaseline="middle"
            >
              {lane.title}
            </text>
            {lane.bars
              .filter((bar) => bar.endNanos >= span.from && bar.startNanos <= span.to)
              .map((bar, index, bars) => (
                <Bar
                  key={`${bar.name}${index}`}
                  bar={bar}
                  x0={Math.max(LEFT, x(bar.startNanos))}
                  x1={Math.min(x(bar.endNanos), x(span.to))}
                  until={nextOf(bars, index, x, width)}
                />
              ))}
            {marks
              .filter((mark) => mark.owner === lane.owner && mark.atNanos >= span.from)
              .map((mark, index) => (
                <Tick key={`${mark.name}${index}`} mark={mark} x={x(mark.atNanos)} y={LANE - 6} />
              ))}
          </g>
        ))}
        <g transform={`translate(0 ${packets})`}>
          <text className="lane-name lane-none" x={0} y={PACKETS / 2} dominantBaseline="middle">
            packets
          </text>
          {marks
            .filter((mark) => mark.atNanos >= span.from && mark.atNanos <= span.to)
            .map((mark, index) => (
              <g
                key={`${mark.name}${index}`}
                style={{ '--owner': `var(--owner-${mark.owner})` } as CSSProperties}
              >
                <Tick mark={mark} x={x(mark.atNanos)} y={PACKETS / 2} />
              </g>
            ))}
        </g>
      </svg>
    </div>
  );
}

type Mark = Explanation['marks'][number];

/** An instant that the kernel saw; a cross where something went wrong. */
function Tick({ mark, x, y }: { mark: Mark; x: number; y: number }) {
  const title = <title>{`${mark.name} at ${nanos(mark.atNanos)}`}</title>;
  if (!mark.trouble) {
    return (
      <line className="mark" x1={x} x2={x} y1={y - 4} y2={y + 4}>
        {title}
      </line>
    );
  }
  return (
    <path
      className="mark mark-bad"
      role="img"
      aria-label={mark.name}
      d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`}
    >
      {title}
    </path>
  );
}

type BarData = Explanation['lanes'][number]['bars'][number];

function Bar({ bar, x0, x1, until }: { bar: BarData; x0: number; x1: number; until: number }) {
  const width = Math.max(2, x1 - x0);
  const took = nanos(bar.endNanos - bar.startNanos);
  const label = `${bar.name} ${took}`;
  const inside = label.length * 6.6 < width - 12;
  const room = until - (x0 + width) - 8;
  const fits =
    inside || label.length * 6.3 < room ? label : bar.name.length * 6.3 < room ? bar.name : '';
  return (
    <g className="bar" tabIndex={0} role="img" aria-label={`${bar.name}: ${took}`}>
      <rect x={x0} y={(LANE - BAR) / 2 - 3} width={width} height={BAR} rx={3}>
        <title>{`${bar.name}: ${took}, from ${nanos(bar.startNanos)} to ${nanos(bar.endNanos)}`}</title>
      </rect>
      <text
        className={inside ? 'inside' : ''}
        x={inside ? x0 + 7 : x0 + width + 5}
        y={LANE / 2 - 3}
        dominantBaseline="middle"
      >
        {fits}
      </text>
    </g>
  );
}

/** Where the next bar of the lane begins: a label may run up to there. */
function nextOf(
  bars: ReadonlyArray<BarData>,
  index: number,
  x: (at: number) => number,
  width: number,
): number {
  const next = bars[index + 1];
  return next === undefined ? width : x(next.startNanos);
}

type Span = { readonly from: number; readonly to: number };

/** What is counted, so that the handshake of a connection that served earlier calls, long ago, does
 * not press this call into a corner. Bars outside of it are left out and named in the table; one
 * that goes beyond it, such as the client's late last ACK, is cut there. */
function spanOf({ explanation }: Call): Span {
  const from = Math.min(0, explanation.startNanos);
  const to = Math.max(explanation.endNanos, 1);
  const room = (to - from) * 0.015;
  return { from: from - room, to: to + room };
}

function ticks({ from, to }: Span, width: number): ReadonlyArray<number> {
  const rough = (to - from) / Math.max(2, width / 120);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? power * 10;
  const first = Math.ceil(from / step);
  const last = Math.floor(to / step);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => (first + index) * step,
  );
}
