import { useState } from 'react';
import type { Flow, FlowList, Source } from '../../api/generated';
import { useLive } from '../../api/live';
import { useFlows, useSources } from '../../api/queries';
import { useFilters, useParam } from '../../app/router';
import { Card, Dot, Num, PageHead, Rate, Share } from '../../parts/bits';
import { BanDialog } from '../../parts/ban-dialog';
import { FilterValue } from '../../parts/chips';
import { ago, bytes, exact, percent, short } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table, type Column } from '../../parts/table';
import { Flood } from './flood';

export const page = {
  path: '/packets',
  title: 'Packets',
  nav: { order: 3, icon: 'packets' },
} as const;

/** Who sends (sources), and what (flows). */
export default function Packets() {
  const [view, setView] = useParam('view');
  const flows = view === 'flows';
  return (
    <>
      <PageHead
        title="Packets"
        sentence={
          flows
            ? 'What comes in and leaves: flows that the kernel saw lately, the busiest first.'
            : 'Who sends: sources with their packets and calls, the busiest first.'
        }
      >
        <button
          type="button"
          className={`plain-button ${flows ? '' : 'accent'}`}
          aria-pressed={!flows}
          onClick={() => setView('')}
        >
          Sources
        </button>
        <button
          type="button"
          className={`plain-button ${flows ? 'accent' : ''}`}
          aria-pressed={flows}
          onClick={() => setView('flows')}
        >
          Flows
        </button>
      </PageHead>
      {flows ? (
        <Flows />
      ) : (
        <>
          <Flood />
          <Sources />
        </>
      )}
    </>
  );
}

function Sources() {
  const { paused } = useLive();
  const { source } = useFilters();
  const sources = useSources(paused ? false : 2_000);
  const [banning, setBanning] = useState<string | null>(null);
  return (
    <Card>
      <Answer of={sources}>
        {(data) => {
          const rows = data.items.filter((row) => source === undefined || row.address === source);
          return (
            <>
              {!data.available && (
                <p className="card-note">
                  <Dot tone="quiet">{data.sentence}</Dot>
                </p>
              )}
              {rows.length === 0 ? (
                <Empty title="No source yet">Whoever sends a packet or a call appears here.</Empty>
              ) : (
                <Table
                  label="Sources"
                  rows={rows}
                  rowKey={(row) => row.address}
                  columns={sourceColumns(setBanning)}
                />
              )}
            </>
          );
        }}
      </Answer>
      {banning !== null && <BanDialog source={banning} onClose={() => setBanning(null)} />}
    </Card>
  );
}

function sourceColumns(onBan: (source: string) => void): ReadonlyArray<Column<Source>> {
  return [
    {
      name: 'source',
      cell: (row) => (
        <FilterValue name="source" value={row.address}>
          <span className="mono">{row.address}</span>
        </FilterValue>
      ),
    },
    {
      name: 'share',
      cell: (row) =>
        row.share === null ? (
          '–'
        ) : (
          <span title="Of the packets of the last second">
            {percent(row.share)}
            <Share
              value={row.share}
              tone={(row.droppedPerSecond ?? 0) > 0 ? 'dropped' : 'passed'}
            />
          </span>
        ),
    },
    {
      name: 'packets/s',
      number: true,
      cell: (row) => <Rate value={row.packetsPerSecond} unit="packets" />,
    },
    {
      name: 'dropped/s',
      number: true,
      cell: (row) =>
        (row.droppedPerSecond ?? 0) > 0 ? (
          <Dot tone="dropped">{exact(row.droppedPerSecond ?? 0)}</Dot>
        ) : (
          <Num value={row.droppedPerSecond} />
        ),
    },
    {
      name: 'bytes/s',
      number: true,
      cell: (row) =>
        row.bytesPerSecond === null ? (
          '–'
        ) : (
          <span title={`${exact(row.bytesPerSecond)} bytes a second`}>
            {bytes(row.bytesPerSecond)}
          </span>
        ),
    },
    {
      name: 'packets',
      unit: 'all',
      number: true,
      cell: (row) => <Num value={row.packets} unit="packets" />,
    },
    {
      name: 'dropped',
      unit: 'all',
      number: true,
      cell: (row) => <Num value={row.droppedPackets} unit="packets" />,
    },
    {
      name: 'calls',
      unit: 'last min',
      number: true,
      cell: (row) => (
        <span title={(row.callsOver ?? 0) > 0 ? `too high by at most ${row.callsOver}` : undefined}>
          <Num value={row.calls} unit="calls" />
        </span>
      ),
    },
    {
      name: 'last packet',
      number: true,
      cell: (row) => (row.lastSeen === null ? '–' : ago(Date.now() - Date.parse(row.lastSeen))),
    },
    {
      name: '',
      number: true,
      cell: (row) =>
        row.ban === null ? (
          <button type="button" className="plain-button small" onClick={() => onBan(row.address)}>
            Ban…
          </button>
        ) : (
          <Dot tone="dropped">banned</Dot>
        ),
    },
  ];
}

function Flows() {
  const { paused } = useLive();
  const { source } = useFilters();
  const flows = useFlows(source, paused ? false : 2_000);
  return (
    <Card>
      <Answer of={flows}>
        {(data) => {
          if (!data.available) {
            return <Empty title="Packets are not watched">{data.sentence}</Empty>;
          }
          return data.items.length === 0 ? (
            <Empty title="No flow was seen lately" />
          ) : (
            <>
              <p className="faint metered">
                <Metered title="in" all={data.in} /> · <Metered title="out" all={data.out} />
              </p>
              <Table label="Flows" rows={data.items} rowKey={flowKey} columns={FLOW_COLUMNS} />
            </>
          );
        }}
      </Answer>
    </Card>
  );
}

/** Everything that was counted; what is not in the list was evicted from it or never got in. */
function Metered({ title, all }: { title: string; all: FlowList['in'] }) {
  return (
    <span
      title={`${exact(all.packets)} packets, ${bytes(all.bytes)}; of them ${exact(all.evictedPackets)} of flows that gave way to others, ${exact(all.unlistedPackets)} of flows that found no place`}
    >
      {title}: {short(all.packets)} packets, {short(all.evictedPackets + all.unlistedPackets)} of
      them not in the list
    </span>
  );
}

const FLOW_COLUMNS: ReadonlyArray<Column<Flow>> = [
  { name: 'way', cell: (row) => row.direction },
  {
    name: 'source',
    cell: (row) => (
      <span className="mono">
        <FilterValue name="source" value={row.source} />:{row.sourcePort}
      </span>
    ),
  },
  {
    name: 'destination',
    cell: (row) => (
      <span className="mono">
        {row.destination}:{row.destinationPort}
      </span>
    ),
  },
  { name: 'protocol', cell: (row) => row.protocol },
  {
    name: 'interface',
    cell: (row) => (row.vlan === 0 ? row.interfaceName : `${row.interfaceName} · VLAN ${row.vlan}`),
  },
  { name: 'packets', number: true, cell: (row) => <Num value={row.packets} unit="packets" /> },
  {
    name: 'bytes',
    number: true,
    cell: (row) => <span title={`${exact(row.bytes)} bytes`}>{bytes(row.bytes)}</span>,
  },
  {
    name: 'flags seen',
    cell: (row) => (
      <span className="tags">
        {row.tcpFlags.map((flag) => (
          <span className="tag" key={flag}>
            {flag}
          </span>
        ))}
      </span>
    ),
  },
  { name: 'last packet', number: true, cell: (row) => ago(Date.now() - Date.parse(row.lastSeen)) },
];

function flowKey(row: Flow): string {
  return [
    row.direction,
    row.protocol,
    row.source,
    row.sourcePort,
    row.destination,
    row.destinationPort,
    row.vlan,
    row.interfaceName,
  ].join();
}
