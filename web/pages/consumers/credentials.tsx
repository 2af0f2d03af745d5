import { useState } from 'react';
import type { Consumer, Credential } from '../../api/generated';
import {
  useChangeConsumer,
  useCreateCredential,
  useCredentials,
  useDeleteCredential,
} from '../../api/queries';
import { Card, copyText } from '../../parts/bits';
import { Confirm } from '../../parts/confirm';
import { date } from '../../parts/numbers';
import { Answer, Empty, FailedWith } from '../../parts/states';
import { Table } from '../../parts/table';

const words = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');

/** What a consumer belongs to, for the policies acl and cel and for upstreams. */
export function Membership({ consumer }: { consumer: Consumer }) {
  const [groups, setGroups] = useState(consumer.groups.join(' '));
  const [tags, setTags] = useState(consumer.tags.join(' '));
  const change = useChangeConsumer();
  return (
    <Card title={`Groups and tags of ${consumer.name}`}>
      <form
        className="calls-bar"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({
            consumer: consumer.id,
            change: { groups: words(groups), tags: words(tags) },
          });
        }}
      >
        <input
          className="input"
          placeholder="Groups, such as gold staff"
          aria-label="Groups"
          value={groups}
          onChange={(event) => setGroups(event.target.value)}
        />
        <input
          className="input"
          placeholder="Tags, such as pilot"
          aria-label="Tags"
          value={tags}
          onChange={(event) => setTags(event.target.value)}
        />
        <button type="submit" className="plain-button" disabled={change.isPending}>
          Save
        </button>
      </form>
      {change.error !== null && <FailedWith error={change.error} />}
    </Card>
  );
}

/** How a consumer is recognised besides its keys. */
export function Credentials({ consumer }: { consumer: Consumer }) {
  const credentials = useCredentials(consumer.id);
  const create = useCreateCredential();
  const remove = useDeleteCredential();
  const [removing, setRemoving] = useState<Credential | null>(null);
  const made = create.data?.secret ?? null;
  return (
    <Card title={`Other credentials of ${consumer.name}`}>
      <Password consumer={consumer} />
      <form
        className="calls-bar"
        onSubmit={(event) => {
          event.preventDefault();
          const id = new FormData(event.currentTarget).get('id');
          create.mutate({
            consumer: consumer.id,
            credential: { kind: 'signature', id: String(id) },
          });
        }}
      >
        <input className="input" name="id" placeholder="Key id" aria-label="Key id" required />
        <button type="submit" className="plain-button" disabled={create.isPending}>
          Make a signing secret
        </button>
      </form>
      {create.error !== null && <FailedWith error={create.error} />}
      {made !== null && (
        <div className="stale-note" role="status">
          <p>The new secret, for hmac-sha256. Copy it now: it is not shown again.</p>
          <p className="secret">
            <span>{made}</span>
            <button type="button" className="plain-button small" onClick={() => copyText(made)}>
              Copy
            </button>
          </p>
        </div>
      )}
      <Answer of={credentials} rows={2}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No other credential" />
          ) : (
            <Table
              label="Other credentials"
              rows={data.items}
              rowKey={(credential) => credential.id}
              columns={[
                { name: 'kind', cell: (credential) => credential.kind },
                {
                  name: 'shown by the caller',
                  cell: (credential) => <span className="mono">{credential.shown}</span>,
                },
                { name: 'algorithm', cell: (credential) => credential.algorithm ?? '' },
                { name: 'made', cell: (credential) => date(Date.parse(credential.createdAt)) },
                {
                  name: '',
                  number: true,
                  cell: (credential) => (
                    <button
                      type="button"
                      className="plain-button small danger"
                      onClick={() => setRemoving(credential)}
                    >
                      Remove…
                    </button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      {removing !== null && (
        <Confirm
          title="Remove a credential"
          action="Remove"
          typed={consumer.name}
          pending={remove.isPending}
          error={remove.error}
          onClose={() => setRemoving(null)}
          onConfirm={() =>
            remove.mutate(
              { consumer: consumer.id, credential: removing.id },
              { onSuccess: () => setRemoving(null) },
            )
          }
        >
          <p>Calls with it are refused from then on. This cannot be undone.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Password({ consumer }: { consumer: Consumer }) {
  const create = useCreateCredential();
  return (
    <>
      <form
        className="calls-bar"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const given = new FormData(form);
          create.mutate(
            {
              consumer: consumer.id,
              credential: {
                kind: 'password',
                id: String(given.get('user')),
                password: String(given.get('password')),
              },
            },
            { onSuccess: () => form.reset() },
          );
        }}
      >
        <input className="input" name="user" placeholder="User" aria-label="User" required />
        <input
          className="input"
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={12}
          placeholder="Password, 12 characters or more"
          aria-label="Password"
          required
        />
        <button type="submit" className="plain-button" disabled={create.isPending}>
          Add a password
        </button>
      </form>
      {create.error !== null && <FailedWith error={create.error} />}
    </>
  );
}
