import type { ListenerCertificate } from '../api/generated';
import { useSnapshot } from '../api/queries';
import { Card, Dot } from './bits';
import { date } from './numbers';
import { Table } from './table';

const SOON_DAYS = 14;

/** Where calls come in, and what encrypted listeners show their clients. */
export function Listeners() {
  const { data } = useSnapshot();
  if (data === undefined || data.listeners.length === 0) {
    return null;
  }
  return (
    <Card title="Listeners">
      <p className="tags">
        {data.listeners.map((listener) => (
          <span className="tag mono" key={listener}>
            {listener}
          </span>
        ))}
      </p>
      {data.certificates.length > 0 && <Certificates rows={data.certificates} />}
    </Card>
  );
}

function Certificates({ rows }: { rows: ReadonlyArray<ListenerCertificate> }) {
  return (
    <Table
      label="Certificates"
      rows={rows}
      rowKey={(row) => row.listener + row.fingerprint}
      columns={[
        { name: 'listener', cell: (row) => <span className="mono">{row.listener}</span> },
        { name: 'certificate for', wide: true, cell: (row) => row.names.join(', ') || '–' },
        { name: 'expires', cell: (row) => <Expiry at={row.expiresAt} /> },
        {
          name: 'SHA-256',
          cell: (row) => (
            <span className="mono faint" title={row.fingerprint}>
              {row.fingerprint.slice(0, 16)}…
            </span>
          ),
        },
      ]}
    />
  );
}

function Expiry({ at }: { at: string }) {
  const days = Math.floor((Date.parse(at) - Date.now()) / 86_400_000);
  const when = date(Date.parse(at));
  if (days < 0) {
    return <Dot tone="error">expired {when}</Dot>;
  }
  return (
    <Dot tone={days < SOON_DAYS ? 'warning' : 'passed'}>
      {when}, {days} d left
    </Dot>
  );
}
