import { useMemo } from 'react';
import type { Point } from '../../api/generated';
import type { Window } from '../../api/series';
import { Card } from '../../parts/bits';
import { Chart, type Line } from '../../parts/chart';
import { bytes, millis as millisText, percent, short } from '../../parts/numbers';

/** Four charts under one another with one crosshair: packets, calls, latency, bytes. */
export function Charts({ window, kernelSentence }: { window: Window; kernelSentence: string }) {
  const millis = useMemo(() => window.map((point) => Date.parse(point.at)), [window]);
  const lines = useMemo(() => linesOf(window), [window]);
  const packets = window.some((point) => point.packetsPassed !== null);
  return (
    <Card className="charts">
      {packets ? (
        <Chart
          title="Packets"
          unit="packets/s"
          millis={millis}
          lines={lines.packets}
          format={short}
        />
      ) : (
        <p className="chart-absent">
          <strong>Packets</strong> {kernelSentence}
        </p>
      )}
      <Chart
        title="Calls"
        unit="calls/s, by outcome"
        millis={millis}
        lines={lines.calls}
        format={short}
      />
      <Chart
        title="Latency"
        unit="first byte read to end"
        millis={millis}
        lines={lines.latency}
        format={millisText}
      />
      <Parts window={window} />
      <Chart
        title="Bytes"
        unit="HTTP bytes/s"
        millis={millis}
        lines={lines.bytes}
        format={bytes}
        axis
      />
    </Card>
  );
}

/** Whose time the last minute's calls took: the question that the percentiles alone leave open. */
function Parts({ window }: { window: Window }) {
  const last = window.slice(-60);
  const sum = (of: (point: Point) => number) => last.reduce((total, point) => total + of(point), 0);
  const parts = [
    {
      name: 'client network',
      token: '--owner-client-network',
      micros: sum((point) => point.clientMicros),
    },
    { name: 'gateway', token: '--owner-gateway', micros: sum((point) => point.gatewayMicros) },
    { name: 'upstream', token: '--owner-upstream', micros: sum((point) => point.upstreamMicros) },
  ];
  const total = parts.reduce((all, part) => all + part.micros, 0);
  if (total === 0) {
    return null;
  }
  return (
    <div className="parts" aria-label="Whose time the calls of the last minute took">
      <span className="parts-bar" aria-hidden="true">
        {parts.map((part) => (
          <i key={part.name} style={{ flexGrow: part.micros, background: `var(${part.token})` }} />
        ))}
      </span>
      <small>
        {parts.map((part) => (
          <span key={part.name} style={{ color: `var(${part.token})` }}>
            {part.name} <b>{percent(part.micros / total)}</b>
          </span>
        ))}
        <span>of the time of the last minute</span>
      </small>
    </div>
  );
}

function linesOf(
  window: Window,
): Readonly<Record<'packets' | 'calls' | 'latency' | 'bytes', ReadonlyArray<Line>>> {
  const column = (of: (point: Point) => number | null) => window.map(of);
  const perSecond = (of: (point: Point) => number | null) =>
    column((point) => {
      const value = of(point);
      return value === null ? null : value / point.seconds;
    });
  const ended = (point: Point, wanted: (status: string) => boolean) =>
    point.outcomes.reduce((sum, each) => (wanted(each.status) ? sum + each.calls : sum), 0);
  const latency = (of: (point: Point) => number | null) =>
    column((point) => {
      const micros = of(point);
      return micros === null ? null : micros / 1000;
    });
  return {
    packets: [
      {
        name: 'passed',
        token: '--passed',
        stacked: true,
        values: perSecond((point) => point.packetsPassed),
      },
      ...dropLines(window),
    ],
    calls: [
      {
        name: '2xx 3xx',
        token: '--passed',
        stacked: true,
        values: perSecond((point) => ended(point, (status) => /^[123]/.test(status))),
      },
      {
        name: '4xx',
        token: '--warning',
        stacked: true,
        values: perSecond((point) => ended(point, (status) => status === '4xx')),
      },
      {
        name: '5xx or none',
        token: '--error',
        stacked: true,
        values: perSecond((point) =>
          ended(point, (status) => status === '5xx' || status === 'none'),
        ),
      },
    ],
    latency: [
      { name: 'p50', token: '--passed', values: latency((point) => point.latency.p50Micros) },
      {
        name: 'p95',
        token: '--quiet',
        dash: true,
        values: latency((point) => point.latency.p95Micros),
      },
      { name: 'p99', token: '--warning', values: latency((point) => point.latency.p99Micros) },
    ],
    bytes: [
      { name: 'in', token: '--passed', values: perSecond((point) => point.bytesIn) },
      { name: 'out', token: '--quiet', values: perSecond((point) => point.bytesOut) },
    ],
  };
}

const DROP_TOKENS = ['--dropped', '--error', '--warning', '--quiet'] as const;

/** A line for each reason, the three busiest apart and the rest together. */
function dropLines(window: Window): ReadonlyArray<Line> {
  const totals = new Map<string, number>();
  for (const point of window) {
    for (const drop of point.drops) {
      totals.set(drop.reason, (totals.get(drop.reason) ?? 0) + drop.packets);
    }
  }
  const reasons = [...totals]
    .filter(([, packets]) => packets > 0)
    .sort((left, right) => right[1] - left[1])
    .map(([reason]) => reason);
  const named = reasons.slice(0, 3);
  const packetsOf = (point: Point, wanted: (reason: string) => boolean) =>
    point.packetsPassed === null
      ? null
      : point.drops.reduce(
          (sum, drop) => (wanted(drop.reason) ? sum + drop.packets / point.seconds : sum),
          0,
        );
  const lines = named.map((reason, index) => ({
    name: `dropped: ${reason}`,
    token: DROP_TOKENS[index] ?? '--quiet',
    stacked: true,
    values: window.map((point) => packetsOf(point, (each) => each === reason)),
  }));
  return reasons.length > 3
    ? [
        ...lines,
        {
          name: 'dropped: other',
          token: '--quiet',
          stacked: true,
          values: window.map((point) => packetsOf(point, (each) => !named.includes(each))),
        },
      ]
    : lines;
}
