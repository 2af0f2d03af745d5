import { useState } from 'react';
import type { Flood as Report, FloodShare } from '../../api/generated';
import { useLive } from '../../api/live';
import { useFlood } from '../../api/queries';
import { Link, useParam } from '../../app/router';
import { BanDialog } from '../../parts/ban-dialog';
import { Card, copyText, Dot, Fact, Num, Rate, Share, type Tone } from '../../parts/bits';
import { ago, percent, short } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table, type Column } from '../../parts/table';

const LENGTHS = ['', '32', '24', '16', '64', '48'] as const;

/** Shares here go down to a thousandth, and their errors below that. */
const fine = (share: number) => `${(share * 100).toFixed(2)} %`;

type Act = { share: FloodShare; action: 'deny' | 'limit' };

/** Who sent the packets of the last second, and what is done about a flood of SYNs. */
export function Flood() {
  const { paused } = useLive();
  const flood = useFlood(paused ? false : 1_000);
  const [bits, setBits] = useParam('prefix');
  const [act, setAct] = useState<Act | null>(null);
  return (
    <Card
      title="Who sends most, in the last second"
      aside={<Lengths chosen={bits} onChoose={setBits} sampled={flood.data?.sampledOneOf ?? 1} />}
    >
      <Answer of={flood}>
        {(data) => {
          if (!data.available) {
            return <Empty title="Packets are not watched">{data.sentence}</Empty>;
          }
          const rows = data.items.filter((row) =>
            bits === '' ? !row.held : row.bits === Number(bits),
          );
          return (
            <>
              <State flood={data} />
              {rows.length === 0 ? (
                <Empty title="Nobody sent a thousandth of the packets" />
              ) : (
                <Table
                  label="Shares"
                  rows={rows.slice(0, 50)}
                  rowKey={(row) => row.prefix}
                  columns={columns(setAct)}
                />
              )}
            </>
          );
        }}
      </Answer>
      {act !== null && (
        <BanDialog
          source={act.share.prefix}
          action={act.action}
          why={`sent ${fine(act.share.share)} of all packets`}
          onClose={() => setAct(null)}
        />
      )}
    </Card>
  );
}

function Lengths({
  chosen,
  onChoose,
  sampled,
}: {
  chosen: string;
  onChoose: (length: string) => void;
  sampled: number;
}) {
  return (
    <div className="tags">
      {sampled > 1 && <span className="card-note">1 of {sampled} packets sampled</span>}
      {LENGTHS.map((length) => (
        <button
          key={length}
          type="button"
          className={`plain-button small ${chosen === length ? 'accent' : ''}`}
          aria-pressed={chosen === length}
          onClick={() => onChoose(length)}
        >
          {length === '' ? 'All' : `/${length}`}
        </button>
      ))}
    </div>
  );
}

const TONES: Record<Report['cookies']['state'], Tone> = {
  unavailable: 'warning',
  off: 'quiet',
  watching: 'warning',
  answering: 'dropped',
};

function State({ flood }: { flood: Report }) {
  const { cookies } = flood;
  return (
    <>
      <p className="card-note">
        <Dot tone={TONES[cookies.state]}>
          {cookies.sentence}
          {cookies.since !== null && ` It began ${ago(Date.now() - Date.parse(cookies.since))}.`}
        </Dot>
      </p>
      <dl className="facts">
        <Fact name="packets/s">
          <Rate value={flood.packetsPerSecond} unit="packets" />
        </Fact>
        <Fact name="new connections/s">
          <Rate value={flood.connectionsPerSecond} unit="SYNs that the rules let pass" />
        </Fact>
        <Fact name="different sources">
          <span title={`within ${percent(flood.sourcesError)}, 99 times of 100`}>
            ≈ {short(flood.sources)}
          </span>
        </Fact>
        <Fact name="SYNs answered">
          <Num value={cookies.answered} unit="SYNs with cookies" />
        </Fact>
        <Fact name="handshakes completed">
          <Num value={cookies.completed} unit="during floods" />
        </Fact>
        <Fact name="wrong cookies">
          <Num value={cookies.invalid} unit="packets" />
        </Fact>
      </dl>
    </>
  );
}

function columns(onAct: (act: Act) => void): ReadonlyArray<Column<FloodShare>> {
  return [
    { name: 'who', cell: (row) => <span className="mono">{row.prefix}</span> },
    {
      name: 'share',
      cell: (row) => (
        <span title={row.error === 0 ? 'counted' : `within ${fine(row.error)}, 19 times of 20`}>
          {row.error === 0 ? fine(row.share) : `${fine(row.share)} ± ${fine(row.error)}`}
          <Share value={row.share} tone={row.droppedShare > 0.5 ? 'dropped' : 'passed'} />
        </span>
      ),
    },
    {
      name: 'packets/s',
      number: true,
      cell: (row) => <Rate value={row.packetsPerSecond} unit="packets" />,
    },
    {
      name: 'new connections/s',
      number: true,
      cell: (row) => <Rate value={row.connectionsPerSecond} unit="SYNs" />,
    },
    { name: 'dropped', number: true, cell: (row) => percent(row.droppedShare) },
    {
      name: '',
      number: true,
      cell: (row) =>
        row.ban === null ? <Actions row={row} onAct={onAct} /> : <Dot tone="dropped">banned</Dot>,
    },
  ];
}

function Actions({ row, onAct }: { row: FloodShare; onAct: (act: Act) => void }) {
  return (
    <span className="tags">
      <button
        type="button"
        className="plain-button small"
        onClick={() => onAct({ share: row, action: 'limit' })}
      >
        Limit…
      </button>
      <button
        type="button"
        className="plain-button small"
        onClick={() => onAct({ share: row, action: 'deny' })}
      >
        Ban…
      </button>
      <Link
        className="plain-button small"
        title="What a rule against it would have done in the last five minutes"
        to="/shield"
        extra={{ rule: `deny: { from: "${row.prefix}" }` }}
      >
        Try rule
      </Link>
      <button
        type="button"
        className="plain-button small"
        title="A rule for kernel.rules in ostiary.yaml, which stays"
        onClick={() => copyText(`- deny: { from: "${row.prefix}" }`)}
      >
        Copy rule
      </button>
    </span>
  );
}
