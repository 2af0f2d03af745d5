import type { Rules } from '../../api/generated';
import { useLive } from '../../api/live';
import { useKernel, useRules } from '../../api/queries';
import { Bans } from '../../parts/bans';
import { Card, Dot, Num, PageHead } from '../../parts/bits';
import { ago, exact } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';
import { Trial } from '../../parts/trial';
import { TryRule } from './try';

export const page = {
  path: '/shield',
  title: 'Shield',
  nav: { order: 4, icon: 'shield' },
} as const;

/** What the kernel refuses before a socket is built: rules and bans. */
export default function Shield() {
  const { paused } = useLive();
  const kernel = useKernel(paused ? false : 2_000);
  const rules = useRules(paused ? false : 2_000);
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
          <Trial />
          <Answer of={rules} rows={3}>
            {(found) => <RulesCard rules={found} />}
          </Answer>
          <TryRule />
          <Bans state="active" title="Bans" />
        </>
      )}
    </Answer>
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
              cell: (rule) => (
                <>
                  <Words words={rule.from} all="anywhere" />
                  {rule.conflicts.map((conflict) => (
                    <div key={conflict.sentence}>
                      <Dot tone="warning">{conflict.sentence}</Dot>
                    </div>
                  ))}
                </>
              ),
            },
            { name: 'to', cell: (rule) => <Words words={rule.to} all="any" /> },
            { name: 'to ports', cell: (rule) => <Words words={rule.toPorts} all="any" /> },
            {
              name: 'protocols and more',
              cell: (rule) => <Words words={[...rule.protocols, ...rule.conditions]} all="any" />,
            },
            {
              name: 'limit',
              number: true,
              cell: limitOf,
            },
            {
              name: 'hits',
              unit: 'packets',
              number: true,
              cell: (rule) =>
                rule.hits === null ? (
                  <span className="faint">unknown</span>
                ) : (
                  <span title={`${exact(rule.hits.bytes)} bytes`}>
                    <Num value={rule.hits.packets} unit="packets" />
                  </span>
                ),
            },
            {
              name: rules.dryRun ? 'would drop' : 'dropped',
              unit: 'packets',
              number: true,
              cell: (rule) =>
                rule.hits === null ? (
                  ''
                ) : (
                  <span title={`${exact(rule.hits.droppedBytes)} bytes`}>
                    <Num value={rule.hits.droppedPackets} unit="packets" />
                  </span>
                ),
            },
            {
              name: 'last hit',
              cell: (rule) =>
                rule.hits === null || rule.hits.last === null ? (
                  <span className="faint">never</span>
                ) : (
                  <span title={rule.hits.last}>{ago(Date.now() - Date.parse(rule.hits.last))}</span>
                ),
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

function limitOf(rule: Rules['items'][number]): string {
  const [count, what] =
    rule.packetsPerSecond !== null
      ? [rule.packetsPerSecond, 'packets/s']
      : [rule.connectionsPerSecond, 'connections/s'];
  return count === null ? '' : `${exact(count)} ${what} a ${rule.per ?? 'source'}`;
}
