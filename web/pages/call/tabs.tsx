import type { CSSProperties } from 'react';
import type { Attempt, Call, Network } from '../../api/generated';
import { Card, Dot, Fact, Status } from '../../parts/bits';
import { bytes, exact, millis, nanos } from '../../parts/numbers';
import { Empty } from '../../parts/states';
import { Table } from '../../parts/table';

const TABS = ['phases', 'policies', 'connection', 'attempts', 'record'] as const;

/** What stands behind the drawing. */
export function Tabs({
  call,
  tab,
  onTab,
}: {
  call: Call;
  tab: string;
  onTab: (tab: string) => void;
}) {
  return (
    <>
      <div className="tabs" role="tablist">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={name === tab}
            onClick={() => onTab(name === 'phases' ? '' : name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel">
        {tab === 'phases' && <Phases call={call} />}
        {tab === 'policies' && <Policies call={call} />}
        {tab === 'connection' && <Connection call={call} />}
        {tab === 'attempts' && <Attempts attempts={call.attempts} />}
        {tab === 'record' && (
          <pre className="record" tabIndex={0}>
            {JSON.stringify(call, null, 2)}
          </pre>
        )}
      </div>
    </>
  );
}

function Phases({ call }: { call: Call }) {
  const rows = call.explanation.lanes
    .flatMap((lane) => lane.bars.map((bar) => ({ ...bar, owner: lane.owner })))
    .sort((left, right) => left.startNanos - right.startNanos);
  if (rows.length === 0) {
    return <Empty title="No phase was measured" />;
  }
  return (
    <Card>
      <div className="table-scroll">
        <table className="table phases">
          <thead>
            <tr>
              <th>phase</th>
              <th>owner</th>
              <th className="number">from</th>
              <th className="number">took</th>
              <th>of this call</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index} style={{ '--owner': `var(--owner-${row.owner})` } as CSSProperties}>
                <td>{row.name}</td>
                <td>{row.owner.replace('-', ' ')}</td>
                <td className="number" title={`${exact(row.startNanos)} ns`}>
                  {nanos(row.startNanos)}
                </td>
                <td className="number" title={`${exact(row.endNanos - row.startNanos)} ns`}>
                  {nanos(row.endNanos - row.startNanos)}
                </td>
                <td>{row.counted ? 'yes' : 'no, an earlier part of its connection'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Policies({ call }: { call: Call }) {
  if (call.filters.length === 0) {
    return (
      <Empty title="No policy ran">This route has none, or the call ended before the first.</Empty>
    );
  }
  const refused = call.line.blame === 'policy' ? call.line.reason : '';
  return (
    <Card>
      <Table
        label="Policies"
        rows={call.filters}
        rowKey={(filter) => filter.policy + filter.startNanos}
        columns={[
          { name: 'policy', cell: (filter) => filter.policy },
          {
            name: 'verdict',
            cell: (filter) =>
              filter.policy === refused ? (
                <Dot tone="warning">refused the call with {call.line.status}</Dot>
              ) : (
                <Dot tone="passed">let it go on</Dot>
              ),
          },
          { name: 'from', number: true, cell: (filter) => nanos(filter.startNanos) },
          {
            name: 'took',
            number: true,
            cell: (filter) => nanos(filter.endNanos - filter.startNanos),
          },
        ]}
      />
    </Card>
  );
}

function Connection({ call }: { call: Call }) {
  return (
    <div className="card-grid">
      <NetworkCard
        title={`From ${call.peer}:${call.peerPort}, request ${call.requestNumber} of its connection`}
        network={call.network}
      />
      <NetworkCard title="To the upstream" network={call.upstreamNetwork} />
    </div>
  );
}

function NetworkCard({ title, network }: { title: string; network: Network | null }) {
  return (
    <Card title={title}>
      {network === null ? (
        <p className="faint">
          The kernel side did not measure this connection: it was off, lacks the right to, or no
          connection was made.
        </p>
      ) : (
        <>
          <dl className="facts">
            <Fact name="interface">{network.interfaceName ?? 'unknown'}</Fact>
            <Fact name="verdict">{network.verdict ?? 'unknown'}</Fact>
            <Fact name="state">{network.closeWords}</Fact>
            <Fact name="SYN to SYN-ACK">{between(network.synNanos, network.synAckNanos)}</Fact>
            <Fact name="SYN-ACK to ACK">
              {between(network.synAckNanos, network.establishedNanos)}
            </Fact>
            <Fact name="RTT, smoothed">{millis(network.roundTrip.smoothedMicros / 1000)}</Fact>
            <Fact name="RTT, smallest">
              {millis(network.roundTrip.smallestMicros / 1000)} of{' '}
              {exact(network.roundTrip.samples)} samples
            </Fact>
            <Fact name="SYN-ACKs sent again">{trouble(network.synAckRetransmits)}</Fact>
          </dl>
          <CounterTable network={network} />
          <Events network={network} />
        </>
      )}
    </Card>
  );
}

function between(from: number | null, to: number | null) {
  return from === null || to === null ? 'unknown' : nanos(to - from);
}

const COUNTERS = [
  { key: 'packetsIn', name: 'packets in' },
  { key: 'packetsOut', name: 'packets out' },
  { key: 'bytesIn', name: 'bytes in' },
  { key: 'bytesOut', name: 'bytes out' },
  { key: 'retransmitsOut', name: 'sent again', bad: true },
  { key: 'duplicatesIn', name: 'came again or out of order', bad: true },
  { key: 'outOfOrderIn', name: 'of them out of order', bad: true },
  { key: 'dropped', name: 'dropped by the kernel', bad: true },
  { key: 'zeroWindows', name: "peer's window closed", bad: true },
  { key: 'ownZeroWindows', name: 'own window closed', bad: true },
  { key: 'stalledNanos', name: 'waited for missing segments' },
] as const;

function CounterTable({ network }: { network: Network }) {
  return (
    <Table
      label="Counters"
      rows={COUNTERS}
      rowKey={(counter) => counter.key}
      columns={[
        { name: 'counted', cell: (counter) => counter.name },
        {
          name: 'this call',
          number: true,
          cell: (counter) =>
            network.call === null ? (
              <span className="faint">unknown</span>
            ) : (
              shown(counter, network.call[counter.key])
            ),
        },
        {
          name: 'connection',
          number: true,
          cell: (counter) => shown(counter, network.connection[counter.key]),
        },
      ]}
    />
  );
}

function shown(counter: (typeof COUNTERS)[number], value: number) {
  if ('bad' in counter) {
    return trouble(value);
  }
  if (counter.key === 'stalledNanos') {
    return value === 0 ? '0' : <Dot tone="warning">{nanos(value)}</Dot>;
  }
  return counter.key === 'bytesIn' || counter.key === 'bytesOut' ? bytes(value) : exact(value);
}

/** The newest things that went wrong, with their moments. */
function Events({ network }: { network: Network }) {
  if (network.events.length === 0) {
    return <p className="faint">Nothing was lost, dropped or out of order during this call.</p>;
  }
  return (
    <Table
      label="What went wrong"
      rows={network.events}
      rowKey={(event) => event.kind + event.atNanos}
      columns={[
        { name: 'what went wrong', cell: (event) => <Dot tone="warning">{event.words}</Dot> },
        { name: 'at', number: true, cell: (event) => nanos(event.atNanos) },
      ]}
    />
  );
}

function trouble(count: number) {
  return count === 0 ? '0' : <Dot tone="warning">{exact(count)}</Dot>;
}

function Attempts({ attempts }: { attempts: ReadonlyArray<Attempt> }) {
  if (attempts.length === 0) {
    return <Empty title="No upstream was asked">The call ended in the gateway.</Empty>;
  }
  return (
    <Card>
      <Table
        label="Attempts"
        rows={attempts}
        rowKey={(attempt) => attempt.target + attempt.startNanos}
        columns={[
          {
            name: 'target',
            cell: (attempt) => (
              <>
                {attempt.upstream} <span className="mono faint">{attempt.target}</span>
              </>
            ),
          },
          { name: 'why', cell: (attempt) => attempt.why },
          { name: 'connection', cell: (attempt) => (attempt.reused ? 'from the pool' : 'new') },
          {
            name: 'status',
            cell: (attempt) =>
              attempt.failure === '' ? (
                <Status status={attempt.status} />
              ) : (
                <Dot tone="error">{attempt.failure}</Dot>
              ),
          },
          { name: 'from', number: true, cell: (attempt) => nanos(attempt.startNanos) },
          { name: 'connected', number: true, cell: (attempt) => nanos(attempt.connectedNanos) },
          {
            name: 'request sent',
            number: true,
            cell: (attempt) => nanos(attempt.requestSentNanos),
          },
          { name: 'first byte', number: true, cell: (attempt) => nanos(attempt.firstByteNanos) },
          { name: 'last byte', number: true, cell: (attempt) => nanos(attempt.lastByteNanos) },
        ]}
      />
    </Card>
  );
}
