import type { ApiSummary, Rate } from '../../api/generated';
import { useApis } from '../../api/queries';
import { Link } from '../../app/router';
import { Card, Dot, PageHead } from '../../parts/bits';
import { Listeners } from '../../parts/listeners';
import { Numbers } from '../../parts/red';
import { Answer, Empty } from '../../parts/states';

export const page = { path: '/apis', title: 'APIs', nav: { order: 5, icon: 'apis' } } as const;

/** What is published, and how it does. */
export default function Apis() {
  const apis = useApis();
  return (
    <>
      <PageHead
        title="APIs"
        sentence="What is published here. Open one for its routes, its policies and its documentation with try-it."
      />
      <Answer of={apis}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No API yet">
              Add one under <code>apis:</code> in ostiary.yaml; it is published as soon as the file
              is saved.
            </Empty>
          ) : (
            <div className="card-grid">
              {data.items.map((api) => (
                <ApiCard key={api.name} api={api} />
              ))}
            </div>
          )
        }
      </Answer>
      <Listeners />
    </>
  );
}

function ApiCard({ api }: { api: ApiSummary }) {
  return (
    <Link to={`/apis/${api.name}`} className="card-link">
      <Card
        title={
          <>
            {api.title ?? api.name} <span className="faint">{api.version}</span>
          </>
        }
        aside={<Health rate={api.rate} />}
      >
        <p className="mono faint">{api.address}</p>
        <Numbers rate={api.rate} />
        <p className="tags" style={{ marginTop: 12 }}>
          <span className="tag">
            {api.routes} {api.routes === 1 ? 'route' : 'routes'}
          </span>
          {api.upstream !== null && <span className="tag">upstream {api.upstream}</span>}
          {api.document && <span className="tag on">OpenAPI</span>}
          {api.policies.map((policy) => (
            <span className="tag" key={policy}>
              {policy}
            </span>
          ))}
        </p>
      </Card>
    </Link>
  );
}

function Health({ rate }: { rate: Rate }) {
  if (rate.calls === 0) {
    return <Dot tone="quiet">no calls</Dot>;
  }
  return rate.errors === 0 ? <Dot tone="passed">no errors</Dot> : <Dot tone="error">errors</Dot>;
}
