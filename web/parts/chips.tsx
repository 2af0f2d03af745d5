import { FILTERS, Link, setFilter, useAddress, useFilters } from '../app/router';

/** The filters that hold on every page until they are removed here. */
export function Chips() {
  const filters = useFilters();
  const { path } = useAddress();
  const set = FILTERS.filter((name) => filters[name] !== undefined);
  if (set.length === 0) {
    return null;
  }
  return (
    <ul className="chips" aria-label="Filters">
      {set.map((name) => (
        <li key={name}>
          <button
            type="button"
            className="chip"
            onClick={() => setFilter(name, '')}
            aria-label={`Remove filter ${name} ${filters[name]}`}
          >
            <span>{name}</span> {filters[name]} <b aria-hidden="true">×</b>
          </button>
        </li>
      ))}
      {!path.startsWith('/calls') && (
        <li className="chips-note">
          {path === '/' && 'The figures below are of all traffic. '}
          <Link to="/calls" className="text-link">
            See the calls that pass
          </Link>
        </li>
      )}
    </ul>
  );
}

/** A value that becomes a filter when it is clicked. */
export function FilterValue({
  name,
  value,
  children,
}: {
  name: (typeof FILTERS)[number];
  value: string;
  children?: React.ReactNode;
}) {
  return (
    <button
      type="button"
      className="filter-value"
      title={`Filter by ${name} ${value}`}
      onClick={(event) => {
        event.stopPropagation();
        setFilter(name, value);
      }}
    >
      {children ?? value}
    </button>
  );
}
