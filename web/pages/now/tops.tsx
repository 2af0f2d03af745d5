import type { NamedRate, Source, Top } from '../../api/generated';
import { Link } from '../../app/router';
import { Card, Dot, Num, Rate, Share } from '../../parts/bits';
import { FilterValue } from '../../parts/chips';
import { millis, percent } from '../../parts/numbers';

const ROWS = 6;

/** Who and what stands behind the charts. */
export function Tops({ top }: { top: Top }) {
  const busiest = Math.max(1, ...top.apis.map((api) => api.rate.callsPerSecond));
  return (
    <div className="tops">
      <Card title="Top sources" aside={<Link to="/packets">all</Link>}>
        <ul className="top-list">
          {top.sources.slice(0, ROWS).map((source) => (
            <SourceRow key={source.address} source={source} />
          ))}
          {top.sources.length === 0 && <li className="none">No source in the last minute.</li>}
        </ul>
      </Card>
      <Card title="Top APIs" aside="calls/s · errors · p95">
        <ul className="top-list">
          {top.apis.slice(0, ROWS).map((api) => (
            <li key={api.name}>
              {api.name.startsWith('(') ? (
                <span>{api.title}</span>
              ) : (
                <FilterValue name="api" value={api.name}>
                  {api.title}
                </FilterValue>
              )}
              <span>
                <Rate value={api.rate.callsPerSecond} unit="calls" />
              </span>
              <span>
                <Errors of={api} />
              </span>
              <span>{millis(micros(api))}</span>
              <Share value={api.rate.callsPerSecond / busiest} />
            </li>
          ))}
          {top.apis.length === 0 && <li className="none">No call in the last minute.</li>}
        </ul>
      </Card>
      <Card title="Slowest upstreams" aside="calls/s · errors · p95">
        <ul className="top-list">
          {top.upstreams.slice(0, ROWS).map((upstream) => (
            <li key={upstream.name}>
              <Link to="/upstreams">{upstream.title}</Link>
              <span>
                <Rate value={upstream.rate.callsPerSecond} unit="calls" />
              </span>
              <span>
                <Errors of={upstream} />
              </span>
              <span>{millis(micros(upstream))}</span>
            </li>
          ))}
          {top.upstreams.length === 0 && (
            <li className="none">No upstream was asked in the last minute.</li>
          )}
        </ul>
      </Card>
    </div>
  );
}

function SourceRow({ source }: { source: Source }) {
  const dropped = source.droppedPerSecond ?? 0;
  return (
    <li>
      <FilterValue name="source" value={source.address}>
        {source.address}
      </FilterValue>
      <span>
        <Rate value={source.packetsPerSecond} unit="packets" />
      </span>
      <span title="Calls in the last minute">
        <Num value={source.calls} unit="calls in the last minute" />
      </span>
      <span>
        {source.ban !== null ? (
          <Dot tone="dropped">banned</Dot>
        ) : dropped > 0 ? (
          <Dot tone="dropped">drops</Dot>
        ) : source.share === null ? (
          ''
        ) : (
          percent(source.share)
        )}
      </span>
      {source.share !== null && (
        <Share value={source.share} tone={dropped > 0 ? 'dropped' : 'passed'} />
      )}
    </li>
  );
}

function Errors({ of }: { of: NamedRate }) {
  const share = of.rate.calls === 0 ? 0 : of.rate.errors / of.rate.calls;
  return share === 0 ? (
    <span className="faint">0 %</span>
  ) : (
    <Dot tone="error">{percent(share)}</Dot>
  );
}

function micros(of: NamedRate): number | null {
  const value = of.rate.latency.p95Micros;
  return value === null ? null : value / 1000;
}
