import { useState } from 'react';
import type { Capture, PacketLine } from '../../api/generated';
import { useLive } from '../../api/live';
import { useCapture, useCapturePackets, useStopCapture } from '../../api/queries';
import { Link, useParam, usePathParam } from '../../app/router';
import { Card, Dot, PageHead } from '../../parts/bits';
import { bytes, date, exact } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Anatomy } from './anatomy';

export const page = { path: '/captures/:capture', title: 'Capture' } as const;

/** One capture: its packets, and the one that is chosen taken apart. */
export default function CapturePage() {
  const id = usePathParam('capture');
  const { paused } = useLive();
  const capture = useCapture(id, paused ? false : 2_000);
  return (
    <Answer of={capture} rows={10}>
      {(data) => <Opened capture={data} />}
    </Answer>
  );
}

function Opened({ capture }: { capture: Capture }) {
  const [chosen, setChosen] = useParam('packet');
  const stop = useStopCapture();
  const running = capture.state === 'running';
  return (
    <>
      <PageHead title={<span className="mono">{capture.id}</span>} sentence={<Said of={capture} />}>
        {running && (
          <button
            type="button"
            className="plain-button accent"
            onClick={() => stop.mutate(capture.id)}
          >
            Stop
          </button>
        )}
        <a className="plain-button" href={`/api/v1/captures/${capture.id}/file`} download>
          Download pcap-ng
        </a>
        <Link to="/captures" className="plain-button">
          All captures
        </Link>
      </PageHead>
      {chosen !== '' && (
        <Anatomy capture={capture.id} packet={chosen} onClose={() => setChosen('')} />
      )}
      <Packets capture={capture} chosen={chosen} onChoose={setChosen} />
    </>
  );
}

function Said({ of: capture }: { of: Capture }) {
  const tone = { running: 'passed', complete: 'quiet', failed: 'error' } as const;
  return (
    <span className="call-facts">
      <Dot tone={tone[capture.state]}>
        {capture.state}
        {capture.why === '' ? '' : `: ${capture.why}`}
      </Dot>
      <span>{capture.filter}</span>
      <span>
        {exact(capture.packets)} packets, {bytes(capture.bytes)}, {exact(capture.lost)} lost
      </span>
      <span>
        {date(Date.parse(capture.started))} by {capture.by}
      </span>
      <span>{capture.bodiesKept ? 'bodies kept, secrets masked' : 'bodies cut off'}</span>
    </span>
  );
}

function Packets({
  capture,
  chosen,
  onChoose,
}: {
  capture: Capture;
  chosen: string;
  onChoose: (number: string) => void;
}) {
  const [after, setAfter] = useState(0);
  const packets = useCapturePackets(capture.id, after, capture.packets);
  return (
    <Card title="Packets" aside={after === 0 ? undefined : `behind number ${exact(after)}`}>
      <Answer of={packets}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No packet yet">
              {capture.state === 'running'
                ? 'They appear here as they come.'
                : 'None fitted its filter.'}
            </Empty>
          ) : (
            <>
              <Lines lines={data.items} chosen={chosen} onChoose={onChoose} />
              <p className="card-note tags">
                {after > 0 && (
                  <button type="button" className="plain-button" onClick={() => setAfter(0)}>
                    To the first
                  </button>
                )}
                {data.next !== null && (
                  <button
                    type="button"
                    className="plain-button"
                    onClick={() => setAfter(data.next ?? 0)}
                  >
                    The next ones
                  </button>
                )}
              </p>
            </>
          )
        }
      </Answer>
    </Card>
  );
}

function Lines({
  lines,
  chosen,
  onChoose,
}: {
  lines: ReadonlyArray<PacketLine>;
  chosen: string;
  onChoose: (number: string) => void;
}) {
  const first = Date.parse(lines[0]?.at ?? '');
  return (
    <div className="table-scroll packet-lines" tabIndex={0} role="region" aria-label="Packets">
      <table className="table">
        <thead>
          <tr>
            <th scope="col" className="number">
              number
            </th>
            <th scope="col" className="number">
              time <small>ms</small>
            </th>
            <th scope="col">way</th>
            <th scope="col">source</th>
            <th scope="col">destination</th>
            <th scope="col">what</th>
            <th scope="col">verdict</th>
            <th scope="col">call</th>
            <th scope="col" className="number">
              bytes
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Row
              key={line.number}
              line={line}
              millis={Date.parse(line.at) - first}
              chosen={String(line.number) === chosen}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({
  line,
  millis,
  chosen,
  onChoose,
}: {
  line: PacketLine;
  millis: number;
  chosen: boolean;
  onChoose: (number: string) => void;
}) {
  return (
    <tr className={chosen ? 'chosen' : undefined} onClick={() => onChoose(String(line.number))}>
      <td className="number">
        <button
          type="button"
          className="plain-button small"
          aria-pressed={chosen}
          title="Take it apart"
        >
          {line.number}
        </button>
      </td>
      <td className="number" title={line.at}>
        {millis}
      </td>
      <td title={line.interfaceName}>{line.out ? `out ${line.interfaceName}` : 'in'}</td>
      <td className="mono">{line.source}</td>
      <td className="mono">{line.destination}</td>
      <td className="wide">{line.summary}</td>
      <td className="wide">
        {line.dropped ? (
          <Dot tone="dropped">{line.comment}</Dot>
        ) : (
          <span className="faint">{line.comment === '' ? 'passed' : line.comment}</span>
        )}
      </td>
      <td>
        {line.call !== null && (
          <Link to={`/calls/${line.call}`} className="mono">
            {line.call}
          </Link>
        )}
      </td>
      <td
        className="number"
        title={`${exact(line.captured)} of ${exact(line.wire)} bytes are kept`}
      >
        {exact(line.wire)}
      </td>
    </tr>
  );
}
