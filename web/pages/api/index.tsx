import { useComputedColorScheme } from '@mantine/core';
import type { Api } from '../../api/generated';
import { useApi } from '../../api/queries';
import { Link, useParam, usePathParam } from '../../app/router';
import { Card, PageHead } from '../../parts/bits';
import { Numbers } from '../../parts/red';
import { RouteTester } from '../../parts/route-tester';
import { Answer, Empty } from '../../parts/states';
import { Table } from '../../parts/table';
import { UsageCard } from '../../parts/usage';
import { caches, Purge } from './purge';

export const page = { path: '/apis/:api', title: 'API' } as const;

const TABS = ['documentation', 'routes', 'policies', 'usage'] as const;

/** One API: how to call it, what it answers to, what is checked. */
export default function ApiPage() {
  const api = useApi(usePathParam('api'));
  return <Answer of={api}>{(data) => <Detail api={data} />}</Answer>;
}

function Detail({ api }: { api: Api }) {
  const [chosen, setChosen] = useParam('tab');
  const { summary } = api;
  const first = summary.document ? TABS[0] : 'routes';
  const tab = chosen === '' ? first : chosen;
  return (
    <>
      <PageHead
        title={
          <>
            {summary.title ?? summary.name} <span className="faint">{summary.version}</span>
          </>
        }
        sentence={<span className="mono">{summary.address}</span>}
      >
        <Link to="/calls" extra={{ api: summary.name }} className="plain-button">
          Its calls
        </Link>
        {caches(api) && <Purge api={summary.name} />}
      </PageHead>
      <Numbers rate={summary.rate} />
      <div className="tabs" role="tablist">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={name === tab}
            onClick={() => setChosen(name === first ? '' : name)}
          >
            {name}
          </button>
        ))}
      </div>
      {tab === 'documentation' && <Reference name={summary.name} document={summary.document} />}
      {tab === 'routes' && <Routes api={api} />}
      {tab === 'policies' && <Policies policies={api.policies} />}
      {tab === 'usage' && <UsageCard by="api" of={summary.name} />}
    </>
  );
}

/** The reference stands in a frame of its own; see reference/main.ts. */
function Reference({ name, document }: { name: string; document: boolean }) {
  const scheme = useComputedColorScheme('dark');
  if (!document) {
    return (
      <Empty title="No OpenAPI document">
        Name one with <code>openapi:</code> in ostiary.yaml to get documentation, try-it and
        validation from it.
      </Empty>
    );
  }
  return (
    <iframe
      className="reference"
      title={`Documentation of ${name}`}
      src={`/reference.html?api=${encodeURIComponent(name)}&scheme=${scheme}`}
    />
  );
}

function Routes({ api }: { api: Api }) {
  return (
    <>
      <RouteTester start={`${new URL(api.summary.address).pathname.replace(/\/$/, '')}/`} />
      <RouteList api={api} />
    </>
  );
}

function RouteList({ api }: { api: Api }) {
  return (
    <Card>
      <Table
        label="Routes"
        rows={api.routes}
        rowKey={(route) => route.id}
        columns={[
          {
            name: 'methods',
            cell: (route) => <b>{route.methods.length === 0 ? 'any' : route.methods.join(', ')}</b>,
          },
          { name: 'path', cell: (route) => <code>{route.path}</code> },
          { name: 'route', cell: (route) => route.id },
          {
            name: 'policies of its own',
            wide: true,
            cell: (route) =>
              route.policies.length === 0 ? (
                <span className="faint">none</span>
              ) : (
                <span className="tags">
                  {route.policies.map((policy) => (
                    <span className="tag" key={policy.name} title={JSON.stringify(policy.settings)}>
                      {policy.name}
                    </span>
                  ))}
                </span>
              ),
          },
        ]}
      />
    </Card>
  );
}

function Policies({ policies }: { policies: Api['policies'] }) {
  if (policies.length === 0) {
    return <Empty title="No policy for every route">Routes may have policies of their own.</Empty>;
  }
  return (
    <div className="card-grid">
      {policies.map((policy, index) => (
        <Card key={policy.name + index} title={policy.name} aside={`runs as number ${index + 1}`}>
          <pre className="record">{JSON.stringify(policy.settings, null, 2)}</pre>
          {policy.documented.length > 0 && (
            <Table
              label={`Settings of ${policy.name}`}
              rows={policy.documented}
              rowKey={(setting) => setting.name}
              columns={[
                { name: 'setting', cell: (setting) => <code>{setting.name}</code> },
                {
                  name: 'default',
                  cell: (setting) =>
                    setting.required ? 'must be given' : <code>{setting.fallback}</code>,
                },
                { name: 'what it is', wide: true, cell: (setting) => setting.about },
              ]}
            />
          )}
        </Card>
      ))}
    </div>
  );
}
