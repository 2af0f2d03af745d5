import { useState } from 'react';
import { useRouteOf } from '../api/queries';
import type { RouteAnswer, RouteCandidate } from '../api/generated';
import { Card } from './bits';
import { Failed } from './states';
import { Table } from './table';

/** Which route a request would get, and why: asks the running plan, sends nothing. */
export function RouteTester({ start }: { start: string }) {
  const [method, setMethod] = useState('GET');
  const [url, setUrl] = useState(start);
  const [fields, setFields] = useState('');
  const route = useRouteOf();
  return (
    <Card title="Which route would this request get?" aside="asks the running plan, sends nothing">
      <form
        className="calls-bar"
        onSubmit={(event) => {
          event.preventDefault();
          route.mutate({ method, url, headers: headersOf(fields) });
        }}
      >
        <input
          className="input"
          size={7}
          aria-label="Method"
          value={method}
          onChange={(event) => setMethod(event.target.value.toUpperCase())}
        />
        <input
          className="input"
          size={36}
          aria-label="Path or URL"
          placeholder="/path, or an absolute URL"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <input
          className="input"
          size={30}
          aria-label="Header fields, parted by |"
          placeholder="X-Version: 2 | Cookie: a=b"
          value={fields}
          onChange={(event) => setFields(event.target.value)}
        />
        <button type="submit" className="plain-button" disabled={url === '' || route.isPending}>
          Ask
        </button>
      </form>
      {route.error && <Failed title="Not asked" detail={route.error.message} />}
      {route.data && <Told answer={route.data} />}
    </Card>
  );
}

/** `Name: value | Name: value`; what has no colon is left out. */
export function headersOf(text: string): { name: string; value: string }[] {
  return text
    .split('|')
    .filter((part) => part.includes(':'))
    .map((part) => {
      const colon = part.indexOf(':');
      return { name: part.slice(0, colon).trim(), value: part.slice(colon + 1).trim() };
    });
}

function Told({ answer }: { answer: RouteAnswer }) {
  const { chosen } = answer;
  return (
    <>
      <p>
        <b>{answer.status}</b> {answer.sentence}
      </p>
      {chosen !== null && (
        <p>
          <code>{answer.path}</code> goes to <b>{chosen.upstream}</b> as{' '}
          <code>{chosen.upstreamPath}</code>
          {chosen.shares.map((share) => (
            <span key={share.upstream + share.percent}>
              , {share.takes ? 'by its condition' : `${share.percent}% of it`} to{' '}
              <b>{share.upstream}</b>
            </span>
          ))}
          {chosen.policies.length > 0 && <>, through {chosen.policies.join(', ')}</>}.
        </p>
      )}
      {answer.candidates.length > 0 && <Candidates rows={answer.candidates} />}
    </>
  );
}

function Candidates({ rows }: { rows: RouteAnswer['candidates'] }) {
  return (
    <Table
      label="Routes with this host and path"
      rows={rows}
      rowKey={(row) => `${row.api}/${row.route}`}
      columns={[
        { name: '', cell: (row) => <Verdict of={row} /> },
        {
          name: 'methods',
          cell: (row) => (row.methods.length === 0 ? 'any' : row.methods.join(', ')),
        },
        { name: 'path', cell: (row) => <code>{row.host + row.pattern}</code> },
        { name: 'route', cell: (row) => `${row.api}/${row.route}` },
        {
          name: 'asks for',
          cell: (row) =>
            row.conditions.map((one) => one.text).join(', ') || (
              <span className="faint">nothing more</span>
            ),
        },
        { name: 'why not', wide: true, cell: (row) => row.why },
      ]}
    />
  );
}

function Verdict({ of }: { of: RouteCandidate }) {
  return of.verdict === 'chosen' ? (
    <span className="tag on">chosen</span>
  ) : (
    <span className="tag">{of.verdict.replace('-', ' ')}</span>
  );
}
