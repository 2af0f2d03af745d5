import type { Point, Series } from './generated';

/** The window that the charts draw: points in order of time, at most `limit` of them. Immutable; a
 * new tick makes a new window that shares its points. */
export type Window = ReadonlyArray<Point>;

export function fromSeries(series: Series): Window {
  return series.millis.map((millis, row) => {
    const at = (column: ReadonlyArray<number | null>) => column[row] ?? null;
    const sum = (column: ReadonlyArray<number | null>) => column[row] ?? 0;
    return {
      at: new Date(millis).toISOString(),
      seconds: series.stepMillis / 1000,
      calls: sum(series.calls),
      errors: sum(series.errors),
      outcomes: series.outcomes.map(({ status, cause, calls }) => ({
        status,
        cause,
        calls: sum(calls),
      })),
      latency: {
        p50Micros: at(series.latency.p50Micros),
        p95Micros: at(series.latency.p95Micros),
        p99Micros: at(series.latency.p99Micros),
        maxMicros: at(series.latency.maxMicros),
      },
      clientMicros: sum(series.clientMicros),
      gatewayMicros: sum(series.gatewayMicros),
      upstreamMicros: sum(series.upstreamMicros),
      bytesIn: sum(series.bytesIn),
      bytesOut: sum(series.bytesOut),
      packetsPassed: at(series.packetsPassed),
      packetBytesPassed: at(series.packetBytesPassed),
      packetsDropped: at(series.packetsDropped),
      drops: series.drops.map(({ reason, packets }) => ({
        reason,
        packets: sum(packets),
        bytes: 0,
      })),
    };
  });
}

/** Adds what is newer than the window's end and forgets what is older than `seconds`. */
export function extend(window: Window, points: Window, seconds: number): Window {
  const last = window.at(-1);
  const end = last === undefined ? -Infinity : Date.parse(last.at);
  const newer = points.filter((point) => Date.parse(point.at) > end);
  if (newer.length === 0) {
    return window;
  }
  const newest = newer.at(-1);
  const start = newest === undefined ? -Infinity : Date.parse(newest.at) - seconds * 1000;
  return [...window, ...newer].filter((point) => Date.parse(point.at) > start);
}
