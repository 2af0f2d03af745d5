import { useEffect, useSyncExternalStore } from 'react';
import { address, ask } from './http';
import type { CallSample, Now, Series, Tick } from './generated';
import { extend, fromSeries, type Window } from './series';

/** The one live stream of the console. It is opened while somebody looks and closed a little after
 * nobody does; every page reads the same store, so pages never disagree.
 *
 * Pausing keeps the stream open and freezes what is shown: on resuming, nothing is missing. */
export type Live = {
  readonly window: Window;
  readonly tick: Tick | null;
  readonly link: Link;
  readonly paused: boolean;
  readonly seconds: number;
};

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'stale'; readonly since: number };

const STALE_AFTER_MILLIS = 4_000;
const RETRY_MILLIS = [500, 1_000, 2_000, 4_000] as const;

let current: Live = {
  window: [],
  tick: null,
  link: { kind: 'connecting' },
  paused: false,
  seconds: 900,
};
let shown: Live = current;
let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | null = null;
let watch: ReturnType<typeof setInterval> | null = null;
let failures = 0;
let heardAt = Date.now();
const listeners = new Set<() => void>();

function put(change: Partial<Live>): void {
  current = { ...current, ...change };
  // While paused only the state of the link moves on; the data stays as it was.
  shown = current.paused ? { ...shown, link: current.link, paused: true } : current;
  listeners.forEach((listener) => listener());
}

function open(): void {
  source = new EventSource(address('/api/v1/events', { query: { topics: 'tick,change' } }));
  source.addEventListener('tick', (event: MessageEvent<string>) => {
    const tick = JSON.parse(event.data) as Tick;
    heardAt = Date.now();
    failures = 0;
    put({
      tick,
      window: extend(current.window, [tick.point], current.seconds),
      link: { kind: 'live' },
    });
  });
  source.addEventListener('points', (event: MessageEvent<string>) => {
    const missed = fromSeries(JSON.parse(event.data) as Series);
    put({ window: extend(current.window, missed, current.seconds) });
  });
  source.addEventListener('change', () => window.dispatchEvent(new Event('ostiary:change')));
  source.addEventListener('error', reopen);
}

/** The browser reconnects by itself only after a network failure; after an answer such as 503 it
 * gives up for good, so we open anew, more and more slowly. */
function reopen(): void {
  if (source?.readyState !== EventSource.CLOSED || retry !== null) {
    return;
  }
  const wait = RETRY_MILLIS[Math.min(failures, RETRY_MILLIS.length - 1)];
  failures += 1;
  retry = setTimeout(() => {
    retry = null;
    source?.close();
    open();
    void fill();
  }, wait);
}

function watchSilence(): void {
  if (Date.now() - heardAt > STALE_AFTER_MILLIS && current.link.kind !== 'stale') {
    put({ link: { kind: 'stale', since: heardAt } });
  }
}

async function fill(): Promise<void> {
  try {
    const now = await ask<Now>('/api/v1/now', { query: { window: current.seconds } });
    const past = fromSeries(now.series);
    const newer = extend(past, current.window, current.seconds);
    const tick = current.tick ?? tickOf(now);
    put({ window: newer, tick, ...(tick === null ? {} : { tick }) });
  } catch {
    // The stream's own state says that the control plane does not answer.
  }
}

function tickOf(now: Now): Tick | null {
  const point = fromSeries(now.series).at(-1);
  const { state, top, river, footer } = now;
  return point === undefined ? null : { point, state, top, river, footer };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (source === null) {
    heardAt = Date.now();
    open();
    void fill();
    watch = setInterval(watchSilence, 1_000);
  }
  return () => {
    listeners.delete(listener);
    setTimeout(() => listeners.size === 0 && close(), 1_000);
  };
}

function close(): void {
  source?.close();
  source = null;
  if (retry !== null) {
    clearTimeout(retry);
    retry = null;
  }
  if (watch !== null) {
    clearInterval(watch);
  }
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => shown);
}

export function setPaused(paused: boolean): void {
  current = { ...current, paused };
  shown = paused ? { ...shown, paused: true } : current;
  listeners.forEach((listener) => listener());
}

/** Shows the last `seconds`, from 60 to 3600. */
export function setSeconds(seconds: number): void {
  if (seconds !== current.seconds) {
    put({ seconds });
    if (source !== null) {
      void fill();
    }
  }
}

/** A stream of call samples with filters of its own, for as long as the component is mounted. */
export function useCallStream(
  query: Readonly<Record<string, string | undefined>>,
  enabled: boolean,
  onSample: (sample: CallSample) => void,
): void {
  const url = address('/api/v1/events', {
    query: { ...query, topics: 'calls', callsPerSecond: 100 },
  });
  useEffect(() => {
    if (!enabled) {
      return undefined;
    }
    const stream = new EventSource(url);
    stream.addEventListener('calls', (event: MessageEvent<string>) =>
      onSample(JSON.parse(event.data) as CallSample),
    );
    return () => stream.close();
  }, [url, enabled, onSample]);
}
