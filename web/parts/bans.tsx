import { useState } from 'react';
import type { Ban } from '../api/generated';
import { useBans, useLiftBan } from '../api/queries';
import { Link } from '../app/router';
import { BanDialog } from './ban-dialog';
import { Card, Dot } from './bits';
import { Confirm } from './confirm';
import { ExtendDialog } from './extend-dialog';
import { date, exact } from './numbers';
import { Answer, Empty } from './states';
import { Table } from './table';

const CALLS_SHOWN = 4;

type Asked = { readonly kind: 'lift' | 'extend'; readonly ban: Ban };

/** Who is refused or held to a rate, why, on what evidence, until when and by whom. */
export function Bans({ state, title }: { state: 'active' | 'all'; title: string }) {
  const bans = useBans(state);
  const [adding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <Card
      title={title}
      aside={
        <button type="button" className="plain-button small" onClick={() => setAdding(true)}>
          Ban a source…
        </button>
      }
    >
      <Answer of={bans} rows={2}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={state === 'active' ? 'Nobody is banned' : 'Nobody was ever banned'}>
              The policy <code>ban</code> bans clients that flood an API with calls that fail by
              their own fault; you can ban a source here.
            </Empty>
          ) : (
            <BanTable bans={data.items} onAsk={setAsked} />
          )
        }
      </Answer>
      {adding && <BanDialog onClose={() => setAdding(false)} />}
      {asked?.kind === 'lift' && <Lift ban={asked.ban} onClose={() => setAsked(null)} />}
      {asked?.kind === 'extend' && <ExtendDialog ban={asked.ban} onClose={() => setAsked(null)} />}
    </Card>
  );
}

function BanTable({ bans, onAsk }: { bans: ReadonlyArray<Ban>; onAsk: (asked: Asked) => void }) {
  return (
    <Table
      label="Bans"
      rows={bans}
      rowKey={(ban) => ban.id}
      columns={[
        { name: 'source', cell: (ban) => <span className="mono">{ban.source}</span> },
        { name: 'state', cell: (ban) => <State ban={ban} /> },
        { name: 'reason', wide: true, cell: (ban) => ban.reason },
        { name: 'dropped', number: true, cell: (ban) => dropped(ban) },
        { name: 'evidence', cell: (ban) => <Evidence calls={ban.calls} /> },
        { name: 'until', cell: (ban) => <When ban={ban} /> },
        {
          name: '',
          number: true,
          cell: (ban) => ban.state === 'active' && <Acts ban={ban} onAsk={onAsk} />,
        },
      ]}
    />
  );
}

/** In the kernel, as long as the ban stands there. */
function dropped(ban: Ban) {
  return typeof ban.droppedPackets === 'number' ? exact(ban.droppedPackets) : '';
}

function State({ ban }: { ban: Ban }) {
  if (ban.state !== 'active') {
    return <Dot tone="quiet">{ban.state}</Dot>;
  }
  const place =
    ban.place === 'kernel'
      ? 'Its packets are dropped before they reach a socket'
      : 'A proxy sends its packets, so the gateway refuses its calls';
  return (
    <>
      <div title={place}>
        <Dot tone={ban.action === 'deny' ? 'dropped' : 'warning'}>
          {ban.action === 'deny' ? 'refused' : 'limited'}
        </Dot>
      </div>
      <div className="faint" title={place}>
        {ban.action === 'limit' && `${exact(ban.callsPerSecond ?? 0)} calls/s, `}
        in the {ban.place}
      </div>
    </>
  );
}

function When({ ban }: { ban: Ban }) {
  return (
    <>
      {date(Date.parse(ban.liftedAt ?? ban.until))}
      {ban.liftedBy !== null && <div>lifted by {ban.liftedBy}</div>}
      <div className="faint">since {date(Date.parse(ban.since))}</div>
      <div className="faint">by {ban.by}</div>
    </>
  );
}

function Evidence({ calls }: { calls: ReadonlyArray<string> }) {
  if (calls.length === 0) {
    return <span className="faint">none given</span>;
  }
  return (
    <>
      {calls.slice(-CALLS_SHOWN).map((call) => (
        <div key={call}>
          <Link to={`/calls/${call}`} className="mono">
            {call}
          </Link>
        </div>
      ))}
      {calls.length > CALLS_SHOWN && (
        <div className="faint" title={calls.join(' ')}>
          and {calls.length - CALLS_SHOWN} more
        </div>
      )}
    </>
  );
}

function Acts({ ban, onAsk }: { ban: Ban; onAsk: (asked: Asked) => void }) {
  return (
    <>
      <button
        type="button"
        className="plain-button small"
        onClick={() => onAsk({ kind: 'extend', ban })}
      >
        Extend…
      </button>{' '}
      <button
        type="button"
        className="plain-button small"
        onClick={() => onAsk({ kind: 'lift', ban })}
      >
        Lift…
      </button>
    </>
  );
}

function Lift({ ban, onClose }: { ban: Ban; onClose: () => void }) {
  const lift = useLiftBan();
  return (
    <Confirm
      title="Lift a ban"
      action="Lift"
      pending={lift.isPending}
      error={lift.error}
      onClose={onClose}
      onConfirm={() => lift.mutate(ban.id, { onSuccess: onClose })}
    >
      <p>
        <code>{ban.source}</code> is served again at once. It was banned for: {ban.reason}
      </p>
    </Confirm>
  );
}
