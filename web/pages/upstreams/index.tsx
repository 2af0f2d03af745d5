import type { Upstream, UpstreamLoad, UpstreamTarget } from '../../api/generated';
import { useDrain, useUpstreams } from '../../api/queries';
import { Link } from '../../app/router';
import { Card, Dot, Num, PageHead } from '../../parts/bits';
import { exact, millis } from '../../parts/numbers';
import { Numbers } from '../../parts/red';
import { Answer, Empty, FailedWith } from '../../parts/states';
import { Table } from '../../parts/table';

export const page = {
  path: '/upstreams',
  title: 'Upstreams',
  nav: { order: 6, icon: 'upstreams' },
} as const;

const TONES = {
  healthy: 'passed',
  unhealthy: 'error',
  draining: 'quiet',
  unknown: 'quiet',
} as const;

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
      {upstream.load !== null && <Load load={upstream.load} />}
      <div style={{ height: 16 }} />
      <Targets upstream={upstream} />
    </Card>
  );
}

/** What it carries, and what was decided about its calls since the start. */
function Load({ load }: { load: UpstreamLoad }) {
  const shed = load.shed.low + load.shed.normal + load.shed.high;
  return (
    <p className="small">
      {load.panic && (
        <>
          <Dot tone="error">Panic: too few targets are healthy, so all are asked.</Dot>{' '}
        </>
      )}
      <b>{exact(load.active)}</b> attempts in flight
      {load.bound !== null && <> of {exact(load.bound)}</>}, {exact(load.waiting)} calls waiting,{' '}
      {exact(load.repeats)} of {exact(load.budget)} repeats.{' '}
      <span className="faint">
        Since the start: {exact(load.retries)} retries ({exact(load.retriesRefused)} over the
        budget), {exact(load.hedges)} hedges ({exact(load.hedgesWon)} won), {exact(load.ejections)}{' '}
        ejections, {exact(shed)} calls shed ({exact(load.shed.high)} of high priority).
        {load.discovery !== '' && <> Discovery: {load.discovery}.</>}
      </span>
    </p>
  );
}

function Targets({ upstream }: { upstream: Upstream }) {
  const drain = useDrain();
  return (
    <>
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
          { name: 'why', wide: true, cell: why },
          { name: 'share', unit: 'of calls', number: true, cell: (target) => part(target.share) },
          {
            name: 'in flight',
            number: true,
            cell: (target) => <Num value={target.inFlight} unit="calls" />,
          },
          { name: 'latency', number: true, cell: (target) => time(target.latencyMicros) },
          { name: 'server', number: true, cell: (target) => time(target.serverMicros) },
          { name: 'round trip', number: true, cell: (target) => time(target.roundTripMicros) },
          { name: 'resent', number: true, cell: (target) => part(target.loss) },
          {
            name: '',
            cell: (target) => (
              <button
                type="button"
                className="plain-button small"
                disabled={drain.isPending}
                onClick={() =>
                  drain.mutate({
                    upstream: upstream.name,
                    target: target.target,
                    on: target.state !== 'draining',
                  })
                }
              >
                {target.state === 'draining' ? 'undrain' : 'drain'}
              </button>
            ),
          },
        ]}
      />
      {drain.error !== null && <FailedWith error={drain.error} />}
    </>
  );
}

/** What keeps calls from it, or makes its share what it is. */
function why(target: UpstreamTarget) {
  const said = [
    target.why,
    target.weight === 1 ? '' : `weight ${target.weight}`,
    target.zone === null ? '' : `zone ${target.zone}`,
    target.priority === 0 ? '' : `priority ${target.priority}`,
    target.ramp !== null && target.ramp < 1
      ? `starting, at ${part(target.ramp)} of its weight`
      : '',
    target.ejections === 0 ? '' : `taken out ${target.ejections} times in a row`,
  ];
  return said.filter((one) => one !== '').join(' · ');
}

const part = (share: number | null) =>
  share === null ? '–' : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

const time = (micros: number | null) => millis(micros === null ? null : micros / 1000);
