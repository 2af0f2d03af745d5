import { useFilters, useParam } from '../../app/router';
import { PageHead } from '../../parts/bits';
import { History } from './history';
import { LiveCalls } from './live';

export const page = { path: '/calls', title: 'Calls', nav: { order: 2, icon: 'calls' } } as const;

const STATUSES = ['', '2xx', '3xx', '4xx', '5xx'] as const;
const BLAMES = ['', 'none', 'client', 'kernel', 'policy', 'upstream', 'gateway'] as const;

/** Every call, live or from the history, under the same filters. */
export default function Calls() {
  const [mode, setMode] = useParam('mode');
  const [target, setTarget] = useParam('target');
  const [slow, setSlow] = useParam('minMillis');
  const [status, setStatus] = useParam('status');
  const [blame, setBlame] = useParam('blame');
  const filters = useFilters();
  const minMicros = Number(slow) > 0 ? String(Math.round(Number(slow) * 1000)) : undefined;
  const query = { ...filters, minMicros };
  const past = mode === 'history';
  return (
    <>
      <PageHead
        title="Calls"
        sentence="Each call with how it ended and by whom. Click one to see where its time went; click a value to filter by it."
      >
        <div className="tags" role="tablist" aria-label="Which calls">
          <Tab on={!past} onClick={() => setMode('')}>
            Live
          </Tab>
          <Tab on={past} onClick={() => setMode('history')}>
            History
          </Tab>
        </div>
      </PageHead>
      <div className="calls-bar">
        <Select name="Status" value={status} choices={STATUSES} onChange={setStatus} />
        <Select name="Blame" value={blame} choices={BLAMES} onChange={setBlame} />
        <input
          className="input"
          size={9}
          inputMode="decimal"
          placeholder="≥ ms"
          aria-label="At least this many milliseconds"
          value={slow}
          onChange={(event) => setSlow(event.target.value.replace(/[^0-9.]/g, ''))}
        />
        {past && (
          <input
            className="input"
            size={26}
            placeholder="path starts with /…"
            aria-label="Path starts with"
            value={target}
            onChange={(event) => setTarget(event.target.value)}
          />
        )}
        <span className="calls-note" id="calls-note" />
      </div>
      {past ? (
        <History query={{ ...query, target: target === '' ? undefined : target }} />
      ) : (
        <LiveCalls query={query} />
      )}
    </>
  );
}

function Tab({ on, onClick, children }: { on: boolean; onClick: () => void; children: string }) {
  return (
    <button
      type="button"
      role="tab"
      aria-selected={on}
      className={`plain-button ${on ? 'accent' : ''}`}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function Select({
  name,
  value,
  choices,
  onChange,
}: {
  name: string;
  value: string;
  choices: ReadonlyArray<string>;
  onChange: (value: string) => void;
}) {
  const all = choices.includes(value) ? choices : [...choices, value];
  return (
    <select
      className="input"
      aria-label={name}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {all.map((choice) => (
        <option key={choice} value={choice}>
          {choice === '' ? `${name}: any` : `${name}: ${choice}`}
        </option>
      ))}
    </select>
  );
}
