import type { Kernel } from '../../api/generated';
import { Card, Dot, Num } from '../../parts/bits';
import { bytes, exact } from '../../parts/numbers';
import { Empty } from '../../parts/states';
import { Table } from '../../parts/table';

type Row = Kernel['interfaces'][number];

/** Where the programs are attached, in which mode and why in no better one. */
export function Interfaces({ kernel }: { kernel: Kernel }) {
  return (
    <Card title="Interfaces" aside="wire = passed + dropped, always">
      {kernel.interfaces.length === 0 ? (
        <Empty title="No interface is watched">{kernel.sentence}</Empty>
      ) : (
        <Table
          label="Interfaces"
          rows={kernel.interfaces}
          rowKey={(row) => row.name}
          columns={[
            {
              name: 'interface',
              cell: (row) => (
                <>
                  <b>{row.name}</b> <span className="faint">{row.driver}</span>
                </>
              ),
            },
            {
              name: 'mode',
              cell: (row) => (
                <span className={`tag ${row.mode === 'off' ? '' : 'on'}`}>{row.mode}</span>
              ),
            },
            { name: 'why', wide: true, cell: (row) => <Why row={row} /> },
            {
              name: 'MTU',
              number: true,
              cell: (row) => (row.device.mtu === 0 ? '–' : exact(row.device.mtu)),
            },
            {
              name: 'queues',
              unit: 'receive / transmit',
              number: true,
              cell: ({ device }) =>
                device.receiveQueues === 0
                  ? '–'
                  : `${device.receiveQueues} / ${device.transmitQueues}`,
            },
            {
              name: 'passed',
              unit: 'packets',
              number: true,
              cell: (row) => <Num value={row.counters.passedPackets} unit="packets" />,
            },
            {
              name: 'passed',
              unit: 'bytes',
              number: true,
              cell: (row) => (
                <span title={`${exact(row.counters.passedBytes)} bytes`}>
                  {bytes(row.counters.passedBytes)}
                </span>
              ),
            },
            {
              name: 'dropped',
              unit: 'packets by reason',
              cell: (row) => {
                const drops = row.counters.drops.filter((drop) => drop.packets > 0);
                return drops.length === 0 ? (
                  <span className="faint">none</span>
                ) : (
                  drops.map((drop) => (
                    <div key={drop.reason}>
                      <Dot tone="dropped">
                        {drop.reason} <Num value={drop.packets} unit="packets" />
                      </Dot>
                    </div>
                  ))
                );
              },
            },
          ]}
        />
      )}
    </Card>
  );
}

function Why({ row }: { row: Row }) {
  const { merging, others } = row.device;
  return (
    <>
      {row.why}
      {merging.length > 0 && (
        <div className="faint">on: {merging.join(', ')}, which join packets before XDP</div>
      )}
      {others.map((other) => (
        <div className="faint" key={other.mode + other.id}>
          also here, not ours: {other.name} (id {other.id}, {other.mode})
        </div>
      ))}
    </>
  );
}
