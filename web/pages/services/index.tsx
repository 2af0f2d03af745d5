import type { Service } from '../../api/generated';
import { useServices } from '../../api/queries';
import { Card, Dot, Num, PageHead } from '../../parts/bits';
import { ago, millis } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';

export const page = {
  path: '/services',
  title: 'Services',
  nav: { order: 6.5, icon: 'services' },
} as const;

const TONES = {
  healthy: 'passed',
  starting: 'passed',
  draining: 'quiet',
  leaving: 'quiet',
  unhealthy: 'error',
} as const;

/** What does the kernel spread, over whom, and why so? */
export default function Services() {
  const services = useServices();
  return (
    <Answer of={services}>
      {(data) => (
        <>
          <PageHead
            title="Services"
            sentence={<Dot tone={tone(data.items)}>{data.sentence}</Dot>}
          />
          {data.items.length === 0 && (
            <Empty title="No service">
              A virtual address whose connections the kernel spreads over targets is named under{' '}
              <code>services:</code> in ostiary.yaml.
            </Empty>
          )}
          {data.items.map((service) => (
            <ServiceCard key={service.name} service={service} />
          ))}
        </>
      )}
    </Answer>
  );
}

function tone(items: ReadonlyArray<Service>) {
  const ill = items.some(
    (service) =>
      service.warning !== '' || service.targets.some((target) => target.state === 'unhealthy'),
  );
  return items.length === 0 ? 'quiet' : ill ? 'error' : 'passed';
}

function ServiceCard({ service }: { service: Service }) {
  return (
    <Card
      title={service.name}
      aside={
        <>
          {service.protocol} <code>{service.address}</code> · {service.algorithm} ·{' '}
          {service.check === null ? 'not checked' : `checked by ${service.check}`}
        </>
      }
    >
      {service.warning !== '' && (
        <p>
          <Dot tone="error">{service.warning}</Dot>
        </p>
      )}
      <Table
        label={`Targets of ${service.name}`}
        rows={service.targets}
        rowKey={(target) => target.target}
        columns={[
          { name: 'target', cell: (target) => <span className="mono">{target.target}</span> },
          {
            name: 'state',
            cell: (target) => <Dot tone={TONES[target.state]}>{target.state}</Dot>,
          },
          { name: 'why', wide: true, cell: (target) => target.why },
          { name: 'since', cell: (target) => ago(Date.now() - Date.parse(target.since)) },
          {
            name: 'weight now',
            number: true,
            cell: (target) => `${Math.round(target.weightNow * 100) / 100} of ${target.weight}`,
          },
          {
            name: 'open',
            number: true,
            cell: (target) => <Num value={target.open} unit="" />,
          },
          {
            name: 'new/s',
            number: true,
            cell: (target) => <Num value={target.newPerSecond} unit="" />,
          },
          {
            name: 'rtt',
            number: true,
            cell: (target) => millis(target.rttMicros === null ? null : target.rttMicros / 1000),
          },
          {
            name: 'answer',
            number: true,
            cell: (target) =>
              millis(target.answerMicros === null ? null : target.answerMicros / 1000),
          },
        ]}
      />
      <p className="quiet">{counted(service)}</p>
    </Card>
  );
}

/** Only what is worth a look, beside the handshakes. */
function counted(service: Service) {
  const parts = [
    [service.proven, 'connections made'],
    [service.local, 'by clients on this host'],
    [service.stateless, 'packets without a record'],
    [service.withoutRoom, 'handshakes without room for one'],
    [service.flood, 'SYNs in a flood'],
    [service.strays, 'second answers dropped'],
    [service.withoutTarget, 'packets dropped: no target'],
  ] as const;
  return parts
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, what]) => `${count.toLocaleString('en')} ${what}`)
    .join(' · ');
}
