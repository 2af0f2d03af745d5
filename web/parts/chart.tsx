import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

export type Line = {
  readonly name: string;
  /** A colour token, such as `--passed`. */
  readonly token: string;
  readonly values: ReadonlyArray<number | null>;
  /** Drawn as an area on top of the lines before it. */
  readonly stacked?: boolean;
  readonly dash?: boolean;
};

type Props = {
  readonly title: string;
  readonly unit: string;
  readonly millis: ReadonlyArray<number>;
  readonly lines: ReadonlyArray<Line>;
  readonly format: (value: number) => string;
  readonly height?: number;
  readonly axis?: boolean;
};

/** One time series chart. All charts of a page share their crosshair and their time axis: pointing
 * at one shows the same second in all, with the numbers of that second in each heading. */
export function Chart({ title, unit, millis, lines, format, height = 104, axis = false }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const scheme = useComputedColorScheme('dark');
  const shape = `${scheme}|${axis}|${lines.map((line) => line.name + line.token).join()}`;
  const drawn = useRef({ millis, lines, format });
  drawn.current = { millis, lines, format };

  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return undefined;
    }
    const made = new uPlot(
      options(drawn.current.lines, height, axis, (value) => drawn.current.format(value), setAt),
      columns(drawn.current.millis, drawn.current.lines),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: full(height, axis) }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height, axis]);

  useEffect(() => plot.current?.setData(columns(millis, lines)), [millis, lines]);

  const row = at ?? millis.length - 1;
  return (
    <figure className="chart" aria-label={`${title}, ${unit}`}>
      <figcaption>
        <strong>{title}</strong> <small>{unit}</small>
        <span className="chart-legend">
          {lines.map((line) => {
            const value = line.values[row];
            return (
              <span key={line.name} style={{ color: `var(${line.token})` }}>
                <i aria-hidden="true" data-dash={line.dash} />
                <em>{line.name}</em>
                <b>{value === null || value === undefined ? '–' : format(value)}</b>
              </span>
            );
          })}
        </span>
      </figcaption>
      <div ref={place} className="chart-plot" />
    </figure>
  );
}

function full(height: number, axis: boolean): number {
  return height + (axis ? 22 : 0);
}

/** uPlot's columns; stacked lines are summed from the first on, and drawn from the last back. */
function columns(millis: ReadonlyArray<number>, lines: ReadonlyArray<Line>): uPlot.AlignedData {
  const sums = millis.map(() => 0);
  const ys = lines.map((line) =>
    millis.map((_, row) => {
      const value = line.values[row] ?? null;
      if (line.stacked !== true || value === null) {
        return value;
      }
      sums[row] = (sums[row] ?? 0) + value;
      return sums[row] ?? null;
    }),
  );
  return [millis.map((each) => each / 1000), ...ys.reverse()];
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(
  lines: ReadonlyArray<Line>,
  height: number,
  axis: boolean,
  format: (value: number) => string,
  onRow: (row: number | null) => void,
): uPlot.Options {
  const quiet = token('--ink-3');
  const grid = { stroke: token('--line'), width: 1 };
  const font = '11px Inter Variable, system-ui, sans-serif';
  return {
    width: 600,
    height: full(height, axis),
    padding: [8, 4, axis ? 0 : 7, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'ostiary' },
      y: false,
      drag: { x: false, y: false },
      points: { size: 6 },
    },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      {
        show: axis,
        size: 22,
        stroke: quiet,
        grid: { show: false },
        ticks: { show: false },
        font,
        values: (_, splits) => splits.map(hour),
        space: 90,
      },
      {
        size: 62,
        stroke: quiet,
        grid,
        ticks: { show: false },
        font,
        space: 28,
        values: (_, splits) => splits.map((value) => (value === 0 ? '0' : format(value))),
      },
    ],
    series: [{}, ...[...lines].reverse().map(seriesOf)],
    hooks: {
      setCursor: [(self: uPlot) => onRow(self.cursor.idx ?? null)],
    },
  };
}

function seriesOf(line: Line): uPlot.Series {
  const colour = token(line.token);
  return {
    stroke: colour,
    width: line.stacked === true ? 1 : 1.5,
    points: { show: false },
    spanGaps: false,
    ...(line.stacked === true ? { fill: colour } : {}),
    ...(line.dash === true ? { dash: [4, 3] } : {}),
  };
}

function hour(seconds: number): string {
  const at = new Date(seconds * 1000);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}
