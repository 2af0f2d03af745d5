import { useState } from 'react';
import type { Quotas } from '../../api/generated';
import { useQuotas, useResetQuota } from '../../api/queries';
import { Link } from '../../app/router';
import { Card, PageHead, Share, type Tone } from '../../parts/bits';
import { Confirm } from '../../parts/confirm';
import { date, exact, percent } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';

export const page = {
  path: '/quotas',
  title: 'Quotas',
  nav: { order: 7.5, icon: 'quotas' },
} as const;

type Count = Quotas['items'][number];

/** Who has used how much of what they may, and who is nearly at the end of it? */
export default function QuotasPage() {
  const quotas = useQuotas();
  const [returning, setReturning] = useState<Count | null>(null);
  return (
    <>
      <PageHead title="Quotas" sentence={quotas.data && sentence(quotas.data.items)} />
      <Card>
        <Answer of={quotas}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title="No quota has been used yet">
                The policy <code>quota</code> in ostiary.yaml gives callers so many calls an hour, a
                day or a month.
              </Empty>
            ) : (
              <Counts items={data.items} onReset={setReturning} />
            )
          }
        </Answer>
      </Card>
      {returning !== null && <Reset count={returning} onClose={() => setReturning(null)} />}
    </>
  );
}

function sentence(items: ReadonlyArray<Count>): string {
  const inForce = items.filter((item) => item.requests > 0);
  const spent = inForce.filter((item) => item.used >= item.requests).length;
  const near = inForce.filter((item) => item.used >= item.requests * 0.8).length - spent;
  if (spent === 0 && near === 0) {
    return 'Nobody is near the end of a quota.';
  }
  return `${spent} used up, ${near} of which at least 80 % is used.`;
}

function Counts({
  items,
  onReset,
}: {
  items: ReadonlyArray<Count>;
  onReset: (count: Count) => void;
}) {
  return (
    <Table
      label="Quotas"
      rows={items}
      rowKey={(item) => `${item.quota} ${item.who}`}
      columns={[
        { name: 'quota', cell: (item) => <span className="mono">{item.quota}</span> },
        { name: 'who', cell: (item) => <Who item={item} /> },
        { name: 'used', number: true, cell: (item) => exact(item.used) },
        {
          name: 'of',
          number: true,
          cell: (item) =>
            item.requests === 0 ? (
              <span className="faint">not in force</span>
            ) : (
              exact(item.requests)
            ),
        },
        { name: '', cell: (item) => <Part item={item} /> },
        {
          name: 'until',
          cell: (item) => (item.requests === 0 ? '' : date(Date.parse(item.to))),
        },
        {
          name: '',
          number: true,
          cell: (item) => (
            <button
              type="button"
              className="plain-button small"
              disabled={item.used === 0}
              onClick={() => onReset(item)}
            >
              Give back…
            </button>
          ),
        },
      ]}
    />
  );
}

function Who({ item }: { item: Count }) {
  if (item.name !== null) {
    return (
      <Link to="/calls" extra={{ consumer: item.who }}>
        {item.name}
      </Link>
    );
  }
  if (item.who === '') {
    return <span className="faint">all callers together</span>;
  }
  return item.who === '(nobody)' ? (
    <span className="faint">calls of nobody known</span>
  ) : (
    <span className="mono">{item.who}</span>
  );
}

function Part({ item }: { item: Count }) {
  if (item.requests === 0) {
    return null;
  }
  const share = item.used / item.requests;
  const tone: Tone = share >= 1 ? 'error' : share >= 0.8 ? 'warning' : 'passed';
  return (
    <span>
      {percent(share)}
      <Share value={share} tone={tone} />
    </span>
  );
}

function Reset({ count, onClose }: { count: Count; onClose: () => void }) {
  const reset = useResetQuota();
  const who = count.name ?? (count.who === '' ? 'all callers' : count.who);
  return (
    <Confirm
      title="Give a quota back"
      action="Give back"
      calm
      pending={reset.isPending}
      error={reset.error}
      onClose={onClose}
      onConfirm={() => reset.mutate({ quota: count.quota, who: count.who }, { onSuccess: onClose })}
    >
      <p>
        The {exact(count.used)} calls that <b>{who}</b> made of <code>{count.quota}</code> since{' '}
        {date(Date.parse(count.from))} count no more. The audit keeps that you did it.
      </p>
    </Confirm>
  );
}
