import type { Upstream } from '../../api/generated';
import { useUpstreams } from '../../api/queries';
import { Link } from '../../app/router';
import { Card, Dot, Num, PageHead } from '../../parts/bits';
import { ago, millis } from '../../parts/numbers';
import { Numbers } from '../../parts/red';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';

export const page = {
  path: '/upstreams',
  title: 'Upstreams',
  nav: { order: 6, icon: 'upstreams' },
} as const;

const TONES = { healthy: 'passed', unhealthy: 'error', unknown: 'quiet' } as const;

/** Who answers, and are they well? */
export default function Upstreams() {
  const upstreams = useUpstreams();
  return (
    <Answer of={upstreams}>
      {(data) => (
        <>
          <PageHead title="Upstreams" sentence={sentence(data.items)} />
          {data.items.length === 0 && (
            <Empty title="No upstream">
              An upstream is named under <code>upstreams:</code> in ostiary.yaml.
            </Empty>
          )}
          {data.items.map((upstream) => (
            <UpstreamCard key={upstream.name} upstream={upstream} />
          ))}
        </>
      )}
    </Answer>
  );
}

function sentence(items: ReadonlyArray<Upstream>) {
  const ill = items.flatMap((upstream) =>
    upstream.targets
      .filter((target) => target.state === 'unhealthy')
      .map((target) => `${upstream.name} ${target.target}`),
  );
  return ill.length === 0 ? (
    <Dot tone="passed">No target is known to be unhealthy.</Dot>
  ) : (
    <Dot tone="error">Unhealthy: {ill.join(', ')}.</Dot>
  );
}

function UpstreamCard({ upstream }: { upstream: Upstream }) {
  return (
    <Card
      title={upstream.name}
      aside={
        <>
          {upstream.balance} ·{' '}
          {upstream.healthPath === null ? (
            'judged by its answers'
          ) : (
            <>
              checked at <code>{upstream.healthPath}</code>
            </>
          )}
        </>
      }
    >
      <p className="tags">
        {upstream.apis.map((api) => (
          <Link className="tag" key={api} to={`/apis/${api}`}>
            {api}
          </Link>
        ))}
      </p>
      <Numbers rate={upstream.rate} />
      <div style={{ height: 16 }} />
      <Table
        label={`Targets of ${upstream.name}`}
        rows={upstream.targets}
        rowKey={(target) => target.target}
        columns={[
          { name: 'target', cell: (target) => <span className="mono">{target.target}</span> },
          {
            name: 'health',
            cell: (target) => <Dot tone={TONES[target.state]}>{target.state}</Dot>,
          },
          { name: 'why', wide: true, cell: (target) => target.why },
          {
            name: 'since',
            cell: (target) =>
              target.since === null ? '–' : ago(Date.now() - Date.parse(target.since)),
          },
          { name: 'weight', number: true, cell: (target) => target.weight },
          {
            name: 'in flight',
            number: true,
            cell: (target) => <Num value={target.inFlight} unit="calls" />,
          },
          {
            name: 'latency',
            number: true,
            cell: (target) =>
              millis(target.latencyMicros === null ? null : target.latencyMicros / 1000),
          },
        ]}
      />
    </Card>
  );
}
