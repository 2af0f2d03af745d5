import { useState } from 'react';
import type { Kernel, Rules } from '../../api/generated';
import { useLive } from '../../api/live';
import { useKernel, useRules } from '../../api/queries';
import { Card, Dot, Fact, Num, PageHead } from '../../parts/bits';
import { bytes, exact } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';
import { Bans } from './bans';
import { Stages } from './stages';

export const page = {
  path: '/shield',
  title: 'Shield',
  nav: { order: 4, icon: 'shield' },
} as const;

/** What the kernel refuses before a socket is built: interfaces, rules, bans, programs. */
export default function Shield() {
  const { paused } = useLive();
  const kernel = useKernel(paused ? false : 2_000);
  const rules = useRules();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Answer of={kernel}>
      {(data) => (
        <>
          <PageHead
            title="Shield"
            sentence={
              <Dot tone={data.running ? (data.dryRun ? 'warning' : 'passed') : 'quiet'}>
                {data.sentence}
                {data.dryRun ? ' Dry-run: drops are counted, not done.' : ''}
              </Dot>
            }
          />
          <Card>
            <dl className="facts">
              <Fact name="kernel">{data.kernelRelease}</Fact>
              <Fact name="libbpf">{data.libbpfVersion ?? 'absent'}</Fact>
              <Fact name="rule set" title="Grows with every set that came into force">
                {data.rulesVersion}
              </Fact>
              <Fact name="memory of all maps" title={`${exact(data.memoryBytes)} bytes`}>
                {bytes(data.memoryBytes)}
              </Fact>
            </dl>
          </Card>
          <Interfaces kernel={data} />
          <Answer of={rules} rows={3}>
            {(found) => <RulesCard rules={found} />}
          </Answer>
          <Bans />
          <Stages every={paused ? false : 2_000} />
          <Programs kernel={data} open={open} onOpen={setOpen} />
        </>
      )}
    </Answer>
  );
}

function Interfaces({ kernel }: { kernel: Kernel }) {
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
            { name: 'why', wide: true, cell: (row) => row.why },
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

function RulesCard({ rules }: { rules: Rules }) {
  return (
    <Card
      title="Rules"
      aside={
        rules.file === null ? (
          'the built-in demo has none of its own'
        ) : (
          <>
            written in <code>{rules.file}</code>, read live
          </>
        )
      }
    >
      {rules.items.length === 0 ? (
        <Empty title="No rule">
          Add one under <code>kernel: rules:</code>, such as{' '}
          <code>{'- deny: { from: [203.0.113.0/24] }'}</code>. It is in force as soon as the file is
          saved.
        </Empty>
      ) : (
        <Table
          label="Rules"
          rows={rules.items}
          rowKey={(rule) => String(rule.number)}
          columns={[
            { name: '#', cell: (rule) => rule.number },
            {
              name: 'action',
              cell: (rule) => (
                <Dot
                  tone={
                    rule.action === 'deny'
                      ? 'dropped'
                      : rule.action === 'limit'
                        ? 'warning'
                        : 'passed'
                  }
                >
                  {rule.action}
                </Dot>
              ),
            },
            {
              name: 'from',
              wide: true,
              cell: (rule) => <Words words={rule.from} all="anywhere" />,
            },
            { name: 'to ports', cell: (rule) => <Words words={rule.toPorts} all="any" /> },
            { name: 'protocols', cell: (rule) => <Words words={rule.protocols} all="any" /> },
            {
              name: 'limit',
              number: true,
              cell: limitOf,
            },
          ]}
        />
      )}
      {rules.management.length > 0 && (
        <p className="card-note" style={{ margin: '12px 0 0' }}>
          Never refused: <Words words={rules.management} all="" />
        </p>
      )}
    </Card>
  );
}

function Words({ words, all }: { words: ReadonlyArray<string>; all: string }) {
  return words.length === 0 ? (
    <span className="faint">{all}</span>
  ) : (
    <span className="tags">
      {words.map((word) => (
        <span className="tag mono" key={word}>
          {word}
        </span>
      ))}
    </span>
  );
}

function Programs({
  kernel,
  open,
  onOpen,
}: {
  kernel: Kernel;
  open: string | null;
  onOpen: (name: string | null) => void;
}) {
  const shown = kernel.programs.find((program) => program.name === open);
  return (
    <Card title="Programs" aside={`${kernel.programs.length} eBPF programs`}>
      {kernel.programs.length === 0 ? (
        <Empty title="No program is loaded">{kernel.sentence}</Empty>
      ) : (
        <Table
          label="Programs"
          rows={kernel.programs}
          rowKey={(row) => row.name + row.hook}
          columns={[
            { name: 'program', cell: (row) => <b>{row.name}</b> },
            { name: 'hook', cell: (row) => row.hook },
            {
              name: 'state',
              cell: (row) => (
                <Dot tone={row.attached ? 'passed' : 'warning'}>
                  {row.attached ? 'attached' : 'not attached'}
                </Dot>
              ),
            },
            { name: 'why', wide: true, cell: (row) => row.why },
            { name: 'instructions', number: true, cell: (row) => exact(row.instructions) },
            { name: 'memory', number: true, cell: (row) => bytes(row.memoryBytes) },
            {
              name: 'maps',
              number: true,
              cell: (row) =>
                row.maps.length === 0 ? (
                  '0'
                ) : (
                  <button
                    type="button"
                    className="plain-button small"
                    aria-expanded={row.name === open}
                    onClick={() => onOpen(row.name === open ? null : row.name)}
                  >
                    {row.maps.length}
                  </button>
                ),
            },
          ]}
        />
      )}
      {shown !== undefined && (
        <Table
          label={`Maps of ${shown.name}`}
          rows={shown.maps}
          rowKey={(map) => map.name}
          columns={[
            { name: `map of ${shown.name}`, cell: (map) => <code>{map.name}</code> },
            { name: 'type', cell: (map) => map.type },
            { name: 'entries at most', number: true, cell: (map) => exact(map.entriesMax) },
            { name: 'memory', number: true, cell: (map) => bytes(map.bytes) },
          ]}
        />
      )}
    </Card>
  );
}

function limitOf(rule: Rules['items'][number]): string {
  const [count, what] =
    rule.packetsPerSecond !== null
      ? [rule.packetsPerSecond, 'packets/s']
      : [rule.connectionsPerSecond, 'connections/s'];
  return count === null ? '' : `${exact(count)} ${what} a ${rule.per ?? 'source'}`;
}
