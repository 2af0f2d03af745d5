import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useRef, type ReactNode } from 'react';
import type { CallLine } from '../../api/generated';
import { linkTo, navigate } from '../../app/router';
import { Status } from '../../parts/bits';
import { FilterValue } from '../../parts/chips';
import { bytes, clock, date, exact, millis } from '../../parts/numbers';

const ROW = 30;

/** The table of calls. Only the rows in view are in the document, so its cost does not depend on
 * how many there are. */
export function Rows({
  lines,
  foot,
  onReachEnd,
}: {
  lines: ReadonlyArray<CallLine>;
  foot?: ReactNode;
  onReachEnd?: () => void;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 10,
    getItemKey: (index) => lines[index]?.call ?? index,
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1);
      if (last !== undefined && last.index >= lines.length - 5) {
        onReachEnd?.();
      }
    },
  });
  return (
    <div className="calls">
      <div
        className="calls-scroll"
        ref={scroll}
        role="table"
        aria-label="Calls"
        aria-rowcount={lines.length}
      >
        <div className="calls-row calls-head" role="row">
          {['time', 'method', 'status', 'target', 'API', 'consumer', 'source', 'ended'].map(
            (name) => (
              <span key={name} role="columnheader">
                {name}
              </span>
            ),
          )}
          <span role="columnheader" className="number">
            duration
          </span>
          <span role="columnheader" className="number">
            response
          </span>
        </div>
        <div className="calls-inner" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return line === undefined ? null : <Row key={item.key} line={line} top={item.start} />;
          })}
        </div>
        {foot}
      </div>
    </div>
  );
}

const Row = memo(function Row({ line, top }: { line: CallLine; top: number }) {
  const at = Date.parse(line.start);
  const href = linkTo(`/calls/${line.call}`);
  return (
    <a
      className="calls-row"
      role="row"
      href={href}
      style={{ transform: `translateY(${top}px)`, top: 0 }}
      onClick={(event) => {
        if (!event.metaKey && !event.ctrlKey) {
          event.preventDefault();
          navigate(href);
        }
      }}
    >
      <span className="mono" title={date(at)}>
        {clock(at)}
      </span>
      <span>{line.method}</span>
      <Status status={line.status} blame={line.blame} />
      <span title={line.target}>{line.target}</span>
      <Cell name="api" value={line.api} />
      <Cell name="consumer" value={line.consumer} text={line.consumerName ?? line.consumer} />
      <Cell name="source" value={line.client} />
      <Ended line={line} />
      <span className="number" title={`${exact(line.durationMicros)} µs`}>
        {millis(line.durationMicros / 1000)}
      </span>
      <span className="number" title={`${exact(line.responseBytes)} bytes`}>
        {bytes(line.responseBytes)}
      </span>
    </a>
  );
});

function Cell({
  name,
  value,
  text,
}: {
  name: 'api' | 'consumer' | 'source';
  value: string | null;
  text?: string | null | undefined;
}) {
  return (
    <span onClick={(event) => event.preventDefault()}>
      {value === null ? (
        <span className="faint">–</span>
      ) : (
        <FilterValue name={name} value={value}>
          {text ?? value}
        </FilterValue>
      )}
    </span>
  );
}

function Ended({ line }: { line: CallLine }) {
  if (line.blame === 'none') {
    return <span className="faint">{line.reason}</span>;
  }
  return (
    <span onClick={(event) => event.preventDefault()} title={`${line.blame}: ${line.reason}`}>
      <FilterValue name="reason" value={line.reason}>
        <span className="faint">{line.blame === 'policy' ? '' : `${line.blame} `}</span>
        {line.reason}
      </FilterValue>
    </span>
  );
}
