import { useState } from 'react';
import type { Capture, Captures as CaptureList } from '../../api/generated';
import { useLive } from '../../api/live';
import { useCaptures, useDeleteCapture, useStopCapture } from '../../api/queries';
import { Link, useParam } from '../../app/router';
import { Card, Dot, Fact, Num, PageHead } from '../../parts/bits';
import { Confirm } from '../../parts/confirm';
import { bytes, date, exact } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table, type Column } from '../../parts/table';
import { CaptureDialog } from './dialog';

export const page = {
  path: '/captures',
  title: 'Captures',
  nav: { order: 3.5, icon: 'captures' },
} as const;

/** Packets as evidence: what is being captured, and what is kept. */
export default function Captures() {
  const { paused } = useLive();
  const captures = useCaptures(paused ? false : 2_000);
  const [asked, setAsked] = useParam('new');
  return (
    <>
      <PageHead
        title="Captures"
        sentence="Packets as evidence, each with the shield's verdict, also those it dropped."
      >
        <button type="button" className="plain-button accent" onClick={() => setAsked('1')}>
          Capture packets…
        </button>
      </PageHead>
      <Answer of={captures}>{(data) => <Kept list={data} />}</Answer>
      {asked !== '' && <CaptureDialog onClose={() => setAsked('')} />}
    </>
  );
}

function Kept({ list }: { list: CaptureList }) {
  const [deleting, setDeleting] = useState<Capture | null>(null);
  const stop = useStopCapture();
  const remove = useDeleteCapture();
  return (
    <>
      <Card>
        <dl className="facts">
          <Fact name="before a capture">{before(list)}</Fact>
          <Fact name="skipped of these" title="Packets over the budget of the last seconds">
            <Num value={list.skipped} unit="packets" />
          </Fact>
          <Fact name="files" title={`${exact(list.bytes)} bytes`}>
            {bytes(list.bytes)} of {bytes(list.bytesMax)}
          </Fact>
        </dl>
        {!list.possible && (
          <p className="card-note">
            <Dot tone="warning">{list.sentence}</Dot>
          </p>
        )}
      </Card>
      <Card>
        {list.items.length === 0 ? (
          <Empty title="Nothing was captured yet">
            Begin one here, or with <code>./ostiary capture -o - | tshark -r -</code>.
          </Empty>
        ) : (
          <Table
            label="Captures"
            rows={list.items}
            rowKey={(row) => row.id}
            columns={columns((id) => stop.mutate(id), setDeleting)}
          />
        )}
      </Card>
      {deleting !== null && (
        <Confirm
          title="Delete a capture"
          action="Delete"
          pending={remove.isPending}
          error={remove.error}
          onClose={() => setDeleting(null)}
          onConfirm={() => remove.mutate(deleting.id, { onSuccess: () => setDeleting(null) })}
        >
          <p>
            {exact(deleting.packets)} packets of {date(Date.parse(deleting.started))} are gone then.
          </p>
        </Confirm>
      )}
    </>
  );
}

function before(list: CaptureList): string {
  return list.lastSeconds === 0
    ? 'nothing is kept'
    : `${list.lastSeconds} s, at most ${exact(list.packetsPerSecondMax)} packets/s of each CPU`;
}

const TONES = { running: 'passed', complete: 'quiet', failed: 'error' } as const;

function columns(
  onStop: (id: string) => void,
  onDelete: (capture: Capture) => void,
): ReadonlyArray<Column<Capture>> {
  return [
    {
      name: 'capture',
      cell: (row) => (
        <Link to={`/captures/${row.id}`} className="mono">
          {row.id}
        </Link>
      ),
    },
    { name: 'state', cell: (row) => <Dot tone={TONES[row.state]}>{row.state}</Dot> },
    {
      name: 'what',
      wide: true,
      cell: (row) => (
        <>
          {row.filter}
          <div className="faint">{row.why}</div>
        </>
      ),
    },
    { name: 'begun', cell: (row) => date(Date.parse(row.started)) },
    { name: 'by', cell: (row) => row.by },
    { name: 'packets', number: true, cell: (row) => <Num value={row.packets} unit="packets" /> },
    { name: 'lost', number: true, cell: (row) => <Num value={row.lost} unit="packets" /> },
    {
      name: 'bytes',
      number: true,
      cell: (row) => <span title={`${exact(row.bytes)} bytes`}>{bytes(row.bytes)}</span>,
    },
    {
      name: '',
      number: true,
      cell: (row) => (
        <span className="tags">
          {row.state === 'running' ? (
            <button type="button" className="plain-button small" onClick={() => onStop(row.id)}>
              Stop
            </button>
          ) : (
            <a className="plain-button small" href={`/api/v1/captures/${row.id}/file`} download>
              pcap-ng
            </a>
          )}
          <button type="button" className="plain-button small" onClick={() => onDelete(row)}>
            Delete…
          </button>
        </span>
      ),
    },
  ];
}
