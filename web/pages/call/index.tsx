import { useState, type CSSProperties } from 'react';
import type { Call } from '../../api/generated';
import { useCall } from '../../api/queries';
import { Link, useParam, usePathParam } from '../../app/router';
import { Card, copyText, PageHead, Status } from '../../parts/bits';
import { bytes, date, millis, nanos, percent } from '../../parts/numbers';
import { Answer } from '../../parts/states';
import { curlOf } from './curl';
import { Tabs } from './tabs';
import { Waterfall } from './waterfall';

export const page = { path: '/calls/:call', title: 'Call' } as const;

/** Where did the time go? */
export default function CallPage() {
  const id = usePathParam('call');
  const call = useCall(id);
  return (
    <Answer of={call} rows={10}>
      {(data) => <Explained call={data} />}
    </Answer>
  );
}

function Explained({ call }: { call: Call }) {
  const [tab, setTab] = useParam('tab');
  const { line } = call;
  return (
    <>
      <PageHead
        title={
          <>
            {line.method} <span className="mono">{line.target}</span>{' '}
            <Status status={line.status} blame={line.blame} /> {millis(line.durationMicros / 1000)}
          </>
        }
        sentence={<Facts call={call} />}
      >
        <Copy text={curlOf(call)} label="Copy as curl" />
        <Copy text={line.call} label="Copy id" />
        <Link to="/captures" className="plain-button" extra={{ call: line.call, new: '1' }}>
          Capture its connection
        </Link>
        <Link
          to="/calls"
          className="plain-button"
          extra={{
            mode: 'history',
            source: line.client,
            ...(line.api === null ? {} : { api: line.api }),
          }}
        >
          Similar calls
        </Link>
      </PageHead>
      <Card>
        <p className="call-sentence">{call.explanation.sentence}</p>
        {call.explanation.notes.map((note) => (
          <p key={note} className="faint">
            {note}
          </p>
        ))}
        <Owners call={call} />
        <Waterfall call={call} />
      </Card>
      <Tabs call={call} tab={tab === '' ? 'phases' : tab} onTab={setTab} />
    </>
  );
}

function Facts({ call }: { call: Call }) {
  const { line } = call;
  return (
    <span className="call-facts">
      <span>{date(Date.parse(line.start))}</span>
      <span>consumer {line.consumerName ?? line.consumer ?? 'none'}</span>
      <span className="mono">
        {line.client}:{call.peerPort}
      </span>
      <span>
        api {line.api ?? 'none'}
        {line.route === null ? '' : ` · ${line.route}`}
      </span>
      <span>plan {call.planVersion}</span>
      <span>
        {bytes(line.requestBytes)} in, {bytes(line.responseBytes)} out
      </span>
      <span>{line.blame === 'none' ? line.reason : `${line.blame}: ${line.reason}`}</span>
      {Object.entries(call.fields).map(([name, value]) => (
        <span key={name}>
          {name} <span className="mono">{value}</span>
        </span>
      ))}
      <span className="mono">{line.call}</span>
    </span>
  );
}

/** Who had the time, as one bar. */
function Owners({ call }: { call: Call }) {
  const shares = call.explanation.shares.filter((each) => each.nanos > 0);
  const total = shares.reduce((sum, each) => sum + each.nanos, 0);
  if (total === 0) {
    return null;
  }
  return (
    <>
      <div className="owners" aria-hidden="true">
        {shares.map((each) => (
          <i
            key={each.owner}
            style={{ flexGrow: each.nanos / total, background: `var(--owner-${each.owner})` }}
          />
        ))}
      </div>
      <div className="owners-legend">
        {shares.map((each) => (
          <span
            key={each.owner}
            style={{ '--owner': `var(--owner-${each.owner})` } as CSSProperties}
          >
            {each.owner.replace('-', ' ')} <b>{nanos(each.nanos)}</b> {percent(each.nanos / total)}
          </span>
        ))}
      </div>
    </>
  );
}

function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      className="plain-button"
      onClick={() => {
        copyText(text);
        setDone(true);
        setTimeout(() => setDone(false), 1_500);
      }}
    >
      {done ? 'Copied' : label}
    </button>
  );
}
