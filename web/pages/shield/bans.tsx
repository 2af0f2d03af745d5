import { useState } from 'react';
import type { Ban } from '../../api/generated';
import { useAllBans, useLiftBan } from '../../api/queries';
import { Link } from '../../app/router';
import { BanDialog } from '../../parts/ban-dialog';
import { Card, Dot } from '../../parts/bits';
import { Confirm } from '../../parts/confirm';
import { date } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';

/** Who is refused, why, until when and by whom. */
export function Bans() {
  const bans = useAllBans();
  const lift = useLiftBan();
  const [adding, setAdding] = useState(false);
  const [lifting, setLifting] = useState<Ban | null>(null);
  return (
    <Card
      title="Bans"
      aside={
        <button type="button" className="plain-button small" onClick={() => setAdding(true)}>
          Ban a source…
        </button>
      }
    >
      <Answer of={bans} rows={2}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="Nobody is banned" />
          ) : (
            <Table
              label="Bans"
              rows={data.items}
              rowKey={(ban) => ban.id}
              columns={[
                { name: 'source', cell: (ban) => <span className="mono">{ban.source}</span> },
                {
                  name: 'state',
                  cell: (ban) => (
                    <Dot tone={ban.state === 'active' ? 'dropped' : 'quiet'}>{ban.state}</Dot>
                  ),
                },
                { name: 'reason', wide: true, cell: (ban) => ban.reason },
                {
                  name: 'evidence',
                  cell: (ban) =>
                    ban.calls.slice(0, 3).map((call) => (
                      <div key={call}>
                        <Link to={`/calls/${call}`} className="mono">
                          {call}
                        </Link>
                      </div>
                    )),
                },
                { name: 'since', cell: (ban) => date(Date.parse(ban.since)) },
                { name: 'until', cell: (ban) => date(Date.parse(ban.liftedAt ?? ban.until)) },
                {
                  name: 'by',
                  cell: (ban) =>
                    ban.liftedBy === null ? ban.by : `${ban.by}, lifted by ${ban.liftedBy}`,
                },
                {
                  name: '',
                  number: true,
                  cell: (ban) =>
                    ban.state === 'active' && (
                      <button
                        type="button"
                        className="plain-button small"
                        onClick={() => setLifting(ban)}
                      >
                        Lift…
                      </button>
                    ),
                },
              ]}
            />
          )
        }
      </Answer>
      {adding && <BanDialog onClose={() => setAdding(false)} />}
      {lifting !== null && (
        <Confirm
          title="Lift a ban"
          action="Lift"
          pending={lift.isPending}
          error={lift.error}
          onClose={() => setLifting(null)}
          onConfirm={() => lift.mutate(lifting.id, { onSuccess: () => setLifting(null) })}
        >
          <p>
            Packets of <code>{lifting.source}</code> come through again at once. It was banned for:{' '}
            {lifting.reason}
          </p>
        </Confirm>
      )}
    </Card>
  );
}
