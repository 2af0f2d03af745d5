import { useState } from 'react';
import type { Consumer, Key } from '../../api/generated';
import { useCreateKey, useKeys, useRevokeKey } from '../../api/queries';
import { Card, copyText, Dot } from '../../parts/bits';
import { Confirm } from '../../parts/confirm';
import { date } from '../../parts/numbers';
import { Answer, Empty, FailedWith } from '../../parts/states';
import { Table } from '../../parts/table';

const TONES = { active: 'passed', expired: 'quiet', revoked: 'quiet' } as const;

/** The keys of one consumer. */
export function Keys({ consumer }: { consumer: Consumer }) {
  const keys = useKeys(consumer.id);
  const create = useCreateKey();
  const revoke = useRevokeKey();
  const [note, setNote] = useState('');
  const [revoking, setRevoking] = useState<Key | null>(null);
  return (
    <Card title={`Keys of ${consumer.name}`}>
      <form
        className="calls-bar"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { consumer: consumer.id, key: { name: note.trim() } },
            { onSuccess: () => setNote('') },
          );
        }}
      >
        <input
          className="input"
          placeholder="A note, such as laptop"
          aria-label="A note for the key"
          maxLength={100}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <button type="submit" className="plain-button" disabled={create.isPending}>
          Make a key
        </button>
      </form>
      {create.error !== null && <FailedWith error={create.error} />}
      {create.data !== undefined && (
        <div className="stale-note" role="status">
          <p>The new key. Copy it now: it is not kept and cannot be shown again.</p>
          <p className="secret">
            <span>{create.data.key}</span>
            <button
              type="button"
              className="plain-button small"
              onClick={() => copyText(create.data.key)}
            >
              Copy
            </button>
          </p>
        </div>
      )}
      <Answer of={keys} rows={2}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No key yet" />
          ) : (
            <Table
              label="Keys"
              rows={data.items}
              rowKey={(key) => key.id}
              columns={[
                {
                  name: 'note',
                  cell: (key) => (key.name === '' ? <span className="faint">none</span> : key.name),
                },
                {
                  name: 'ends in',
                  cell: (key) => (
                    <span className="mono">{key.last4 === '' ? 'imported' : `…${key.last4}`}</span>
                  ),
                },
                { name: 'state', cell: (key) => <Dot tone={TONES[key.state]}>{key.state}</Dot> },
                { name: 'made', cell: (key) => date(Date.parse(key.createdAt)) },
                {
                  name: 'expires',
                  cell: (key) =>
                    key.expiresAt === null ? 'never' : date(Date.parse(key.expiresAt)),
                },
                {
                  name: '',
                  number: true,
                  cell: (key) =>
                    key.state === 'active' && (
                      <button
                        type="button"
                        className="plain-button small danger"
                        onClick={() => setRevoking(key)}
                      >
                        Revoke…
                      </button>
                    ),
                },
              ]}
            />
          )
        }
      </Answer>
      {revoking !== null && (
        <Confirm
          title="Revoke a key"
          action="Revoke"
          typed={revoking.last4 === '' ? consumer.name : revoking.last4}
          pending={revoke.isPending}
          error={revoke.error}
          onClose={() => setRevoking(null)}
          onConfirm={() =>
            revoke.mutate(
              { consumer: consumer.id, key: revoking.id },
              { onSuccess: () => setRevoking(null) },
            )
          }
        >
          <p>Calls with this key are refused from then on. This cannot be undone.</p>
        </Confirm>
      )}
    </Card>
  );
}
