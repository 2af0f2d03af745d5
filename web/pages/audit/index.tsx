import { useAuditPages } from '../../api/queries';
import { Card, PageHead } from '../../parts/bits';
import { date } from '../../parts/numbers';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';

export const page = { path: '/audit', title: 'Audit', nav: { order: 8, icon: 'audit' } } as const;

/** Who changed what, and when. */
export default function Audit() {
  const pages = useAuditPages();
  return (
    <>
      <PageHead title="Audit" sentence="Every change, the newest first." />
      <Card>
        <Answer of={pages}>
          {(data) => {
            const rows = data.pages.flatMap((each) => each.items);
            return rows.length === 0 ? (
              <Empty title="Nothing was changed yet" />
            ) : (
              <Table
                label="Audit"
                rows={rows}
                rowKey={(row) => String(row.id)}
                columns={[
                  { name: 'when', cell: (row) => date(Date.parse(row.at)) },
                  {
                    name: 'who',
                    cell: (row) => (
                      <>
                        {row.who} <span className="faint">{row.role}</span>
                      </>
                    ),
                  },
                  {
                    name: 'from',
                    cell: (row) => (
                      <span className="mono">{row.from === '' ? 'the process' : row.from}</span>
                    ),
                  },
                  { name: 'did', cell: (row) => <b>{row.action}</b> },
                  { name: 'to', cell: (row) => <span className="mono">{row.object}</span> },
                  { name: 'detail', wide: true, cell: (row) => row.detail },
                ]}
              />
            );
          }}
        </Answer>
        {pages.hasNextPage && (
          <p className="state">
            <button
              type="button"
              className="plain-button"
              onClick={() => void pages.fetchNextPage()}
            >
              Older
            </button>
          </p>
        )}
      </Card>
    </>
  );
}
