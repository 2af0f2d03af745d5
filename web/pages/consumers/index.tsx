import { Fragment, useState } from 'react';
import type { Consumer } from '../../api/generated';
import { useConsumers, useCreateConsumer, useDeleteConsumer } from '../../api/queries';
import { Link, useParam } from '../../app/router';
import { Card, PageHead } from '../../parts/bits';
import { Confirm } from '../../parts/confirm';
import { date } from '../../parts/numbers';
import { Answer, Empty, FailedWith } from '../../parts/states';
import { Table } from '../../parts/table';
import { UsageCard } from '../../parts/usage';
import { Credentials, Membership } from './credentials';
import { Keys } from './keys';

export const page = {
  path: '/consumers',
  title: 'Consumers',
  nav: { order: 7, icon: 'consumers' },
} as const;

/** Who may call, and with which keys. */
export default function Consumers() {
  const [q, setQ] = useParam('q');
  const [open, setOpen] = useParam('open');
  const consumers = useConsumers(q);
  const [removing, setRemoving] = useState<Consumer | null>(null);
  const remove = useDeleteConsumer();
  return (
    <>
      <PageHead
        title="Consumers"
        sentence="Those who call your APIs. A key is shown once, when it is made; only its hash is kept."
      >
        <input
          className="input"
          placeholder="Find by name"
          aria-label="Find by name"
          value={q}
          onChange={(event) => setQ(event.target.value)}
        />
      </PageHead>
      <Add />
      <Card>
        <Answer of={consumers}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title={q === '' ? 'No consumer yet' : 'Nobody is called like that'}>
                {q === '' ? 'Add one above and make a key for it.' : undefined}
              </Empty>
            ) : (
              <Table
                label="Consumers"
                rows={data.items}
                rowKey={(consumer) => consumer.id}
                columns={[
                  {
                    name: 'name',
                    cell: (consumer) => (
                      <button
                        type="button"
                        className="filter-value"
                        aria-expanded={open === consumer.id}
                        onClick={() => setOpen(open === consumer.id ? '' : consumer.id)}
                      >
                        <b>{consumer.name}</b>
                      </button>
                    ),
                  },
                  {
                    name: 'id',
                    cell: (consumer) => <span className="mono faint">{consumer.id}</span>,
                  },
                  { name: 'team', cell: (consumer) => consumer.team },
                  {
                    name: 'groups',
                    cell: (consumer) => <span className="faint">{consumer.groups.join(', ')}</span>,
                  },
                  { name: 'since', cell: (consumer) => date(Date.parse(consumer.createdAt)) },
                  { name: 'active keys', number: true, cell: (consumer) => consumer.keys },
                  {
                    name: '',
                    number: true,
                    cell: (consumer) => (
                      <span className="tags">
                        <Link
                          to="/calls"
                          extra={{ consumer: consumer.id }}
                          className="plain-button small"
                        >
                          Calls
                        </Link>
                        <button
                          type="button"
                          className="plain-button small"
                          onClick={() => setOpen(open === consumer.id ? '' : consumer.id)}
                        >
                          Keys
                        </button>
                        <button
                          type="button"
                          className="plain-button small danger"
                          onClick={() => setRemoving(consumer)}
                        >
                          Remove…
                        </button>
                      </span>
                    ),
                  },
                ]}
              />
            )
          }
        </Answer>
      </Card>
      {consumers.data?.items
        .filter((consumer) => consumer.id === open)
        .map((consumer) => (
          <Fragment key={consumer.id}>
            <UsageCard by="consumer" of={consumer.id} />
            <Keys consumer={consumer} />
            <Membership consumer={consumer} />
            <Credentials consumer={consumer} />
          </Fragment>
        ))}
      {removing !== null && (
        <Confirm
          title="Remove a consumer"
          action="Remove"
          typed={removing.name}
          pending={remove.isPending}
          error={remove.error}
          onClose={() => setRemoving(null)}
          onConfirm={() => remove.mutate(removing.id, { onSuccess: () => setRemoving(null) })}
        >
          <p>
            {removing.name} and its {removing.keys} active keys go, and its calls are refused from
            then on. This cannot be undone.
          </p>
        </Confirm>
      )}
    </>
  );
}

function Add() {
  const [name, setName] = useState('');
  const create = useCreateConsumer();
  const [, setOpen] = useParam('open');
  return (
    <form
      className="calls-bar"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(name.trim(), {
          onSuccess: (consumer) => {
            setName('');
            setOpen(consumer.id);
          },
        });
      }}
    >
      <input
        className="input"
        placeholder="Name of a new consumer"
        aria-label="Name of a new consumer"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button
        type="submit"
        className="plain-button accent"
        disabled={name.trim() === '' || create.isPending}
      >
        Add consumer
      </button>
      {create.error !== null && <FailedWith error={create.error} />}
    </form>
  );
}
