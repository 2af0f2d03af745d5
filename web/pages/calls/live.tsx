import { useCallback, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import type { CallLine, CallSample } from '../../api/generated';
import { useCallStream, useLive } from '../../api/live';
import { Empty } from '../../parts/states';
import { exact } from '../../parts/numbers';
import { Rows } from './rows';

/** How many of the newest calls stay on screen. */
const KEPT = 2_000;
const DRAW_MILLIS = 250;

type Query = Readonly<Record<string, string | undefined>>;

/** Calls as they end. What arrives is collected and drawn four times a second, however many come;
 * above the stream's limit it is a sample, and the note says of how many. */
export function LiveCalls({ query }: { query: Query }) {
  const { paused } = useLive();
  const [lines, setLines] = useState<ReadonlyArray<CallLine>>([]);
  const [seen, setSeen] = useState({ matched: 0, shown: 0 });
  const waiting = useRef({ lines: [] as CallLine[], matched: 0 });
  const key = JSON.stringify(query);

  useEffect(() => {
    waiting.current = { lines: [], matched: 0 };
    setLines([]);
    setSeen({ matched: 0, shown: 0 });
  }, [key]);

  const onSample = useCallback((sample: CallSample) => {
    waiting.current.lines.push(...sample.items);
    waiting.current.matched += sample.matched;
  }, []);
  useCallStream(query, !paused, onSample);

  useEffect(() => {
    const timer = setInterval(() => {
      const { lines: fresh, matched } = waiting.current;
      if (matched === 0) {
        return;
      }
      waiting.current = { lines: [], matched: 0 };
      setSeen((before) => ({
        matched: before.matched + matched,
        shown: before.shown + fresh.length,
      }));
      setLines((before) => merge(fresh, before));
    }, DRAW_MILLIS);
    return () => clearInterval(timer);
  }, []);

  return (
    <>
      <Note matched={seen.matched} shown={seen.shown} paused={paused} />
      {lines.length === 0 ? (
        <div className="calls">
          <Empty title={paused ? 'Paused' : 'Waiting for a call'}>
            Calls appear here as they end. Try{' '}
            <code>curl -i http://localhost:8080/demo/orders</code>, or look into the history.
          </Empty>
        </div>
      ) : (
        <Rows lines={lines} />
      )}
    </>
  );
}

function Note({ matched, shown, paused }: { matched: number; shown: number; paused: boolean }) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => setPlace(document.getElementById('calls-note')), []);
  if (place === null) {
    return null;
  }
  const text =
    shown < matched
      ? `a sample: ${exact(shown)} of ${exact(matched)} calls since this page opened`
      : `every call: ${exact(shown)} since this page opened`;
  return createPortal(paused ? `paused · ${text}` : text, place);
}

/** The newest first; a call that was sent twice, after a reconnection, is shown once. */
function merge(
  fresh: ReadonlyArray<CallLine>,
  before: ReadonlyArray<CallLine>,
): ReadonlyArray<CallLine> {
  const known = new Set(before.slice(0, 200).map((line) => line.call));
  const added = fresh.filter((line) => !known.has(line.call));
  const sorted = [...added].sort((left, right) => (left.call < right.call ? 1 : -1));
  return [...sorted, ...before].slice(0, KEPT);
}
