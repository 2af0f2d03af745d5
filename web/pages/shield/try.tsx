import { useEffect, useState } from 'react';
import type { RulePreview } from '../../api/generated';
import { useRulePreview } from '../../api/queries';
import { Link, useParam } from '../../app/router';
import { Card, copyText, Dot, Fact, Num } from '../../parts/bits';
import { bytes, exact, percent } from '../../parts/numbers';
import { FailedWith } from '../../parts/states';
import { Table } from '../../parts/table';

/** How long nothing must be typed before the gateway is asked. */
const PAUSE_MILLIS = 300;

const EXAMPLES = [
  'deny: { from: 203.0.113.0/24 }',
  'deny: { to-port: 8080, from: "2001:db8::/32" }',
  'limit: { to-port: 8080, packets: 100/s, per: source }',
  'limit: { to-port: 8080, connections: 5/s, per: /24 }',
] as const;

/** A rule is written here, and what it would have done in the last five minutes is shown. */
export function TryRule() {
  const [text, setText] = useParam('rule');
  const asked = useSettled(text.trim());
  const preview = useRulePreview(asked);
  return (
    <Card
      title="Try a rule"
      aside="on the packets and calls of the last five minutes; nothing changes"
    >
      <label className="rule-label">
        Rule
        <textarea
          className="input mono rule-text"
          rows={3}
          spellCheck={false}
          maxLength={4000}
          value={text}
          placeholder={EXAMPLES[0]}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {text.trim() === '' ? (
        <p className="card-note tags">
          {EXAMPLES.map((example) => (
            <button
              key={example}
              type="button"
              className="plain-button small mono"
              onClick={() => setText(example)}
            >
              {example}
            </button>
          ))}
        </p>
      ) : preview.isError ? (
        <FailedWith error={preview.error} />
      ) : (
        preview.data !== undefined && <Tried preview={preview.data} text={text} />
      )}
    </Card>
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MILLIS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function Tried({ preview, text }: { preview: RulePreview; text: string }) {
  if (preview.action === null) {
    return (
      <ul className="rule-faults" role="status">
        {preview.faults.map((fault) => (
          <li key={fault}>
            <Dot tone="warning">{fault}</Dot>
          </li>
        ))}
      </ul>
    );
  }
  const rule = text.trim().startsWith('-') ? text.trim() : `- ${text.trim()}`;
  return (
    <div role="status">
      <p>
        <Dot
          tone={preview.action === 'allow' ? 'passed' : preview.packets > 0 ? 'dropped' : 'quiet'}
        >
          {preview.sentence}
        </Dot>
      </p>
      <Figures preview={preview} />
      <Busiest preview={preview} />
      <p className="card-note rule-after">
        <button type="button" className="plain-button small" onClick={() => copyText(rule)}>
          Copy for ostiary.yaml
        </button>{' '}
        It goes under <code>kernel: rules:</code>. With <code>confirm: 30s</code> there it comes
        into force on trial, and is rolled back unless somebody confirms it.
      </p>
    </div>
  );
}

function Figures({ preview }: { preview: RulePreview }) {
  const { calls } = preview;
  return (
    <dl className="facts">
      <Fact name={preview.action === 'limit' ? 'packets above the rate' : 'packets'}>
        {preview.untold.length > 0 && '≤ '}
        <Num value={preview.packets} unit="packets" />{' '}
        <span className="faint">
          {preview.ofPackets > 0 && percent(preview.packets / preview.ofPackets)} of all
        </span>
      </Fact>
      <Fact name="sources">
        <Num value={preview.sources} unit="sources" />
      </Fact>
      <Fact
        name="calls"
        title={`looked at ${exact(calls.looked)}${calls.all ? '' : ', the newest'}`}
      >
        <Num value={calls.matched} unit="calls" />{' '}
        <span className="faint">
          of {calls.all ? '' : 'the newest '}
          {exact(calls.looked)}
        </span>
      </Fact>
      {calls.consumers.map((by) => (
        <Fact key={by.id ?? ''} name={by.id === null ? 'without a consumer' : 'consumer'}>
          {by.id !== null && (
            <>
              <Link to="/calls" extra={{ consumer: by.id }}>
                {by.name ?? by.id}
              </Link>{' '}
            </>
          )}
          <Num value={by.calls} unit="calls" />
        </Fact>
      ))}
      {preview.untoldPackets > 0 && (
        <Fact
          name="not remembered"
          title="Packets that were dropped already, or of flows that found no place in the meter"
        >
          <Num value={preview.untoldPackets} unit="packets" />
        </Fact>
      )}
      {preview.untold.length > 0 && (
        <Fact name="cannot be told" title="Not remembered of packets, so the figure is too high">
          <span className="mono">{preview.untold.join(', ')}</span>
        </Fact>
      )}
    </dl>
  );
}

function Busiest({ preview }: { preview: RulePreview }) {
  if (preview.busiest.length === 0) {
    return null;
  }
  return (
    <Table
      label="Sources it would have met"
      rows={preview.busiest}
      rowKey={(row) => row.source}
      columns={[
        { name: 'source', cell: (row) => <span className="mono">{row.source}</span> },
        {
          name: preview.action === 'limit' ? 'packets above the rate' : 'packets',
          number: true,
          cell: (row) => <Num value={row.packets} unit="packets" />,
        },
        {
          name: 'bytes',
          number: true,
          cell: (row) => <span title={`${exact(row.bytes)} bytes`}>{bytes(row.bytes)}</span>,
        },
      ]}
    />
  );
}
