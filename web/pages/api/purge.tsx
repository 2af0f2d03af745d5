import { useState } from 'react';
import type { Api } from '../../api/generated';
import { usePurgeCache } from '../../api/queries';
import { Confirm } from '../../parts/confirm';

/** Whether any of the API's answers may be kept. */
export function caches(api: Api): boolean {
  return [api.policies, ...api.routes.map((route) => route.policies)]
    .flat()
    .some((policy) => policy.name === 'cache');
}

type Kind = 'all' | 'url' | 'prefix' | 'tag';

const KINDS: Record<Kind, { readonly label: string; readonly hint: string }> = {
  all: { label: 'Everything', hint: '' },
  url: { label: 'One address', hint: 'Scheme, host, path and query' },
  prefix: { label: 'All addresses that begin so', hint: 'Scheme, host and the begin of the path' },
  tag: { label: 'All answers with a tag', hint: 'A name in Surrogate-Key or Cache-Tag' },
};

/** Throws away what the API's cache keeps, or a part of it. */
export function Purge({ api }: { api: string }) {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<Kind>('all');
  const [text, setText] = useState('');
  const purge = usePurgeCache();
  const close = () => {
    setOpen(false);
    setKind('all');
    setText('');
    purge.reset();
  };
  return (
    <>
      <button type="button" className="plain-button" onClick={() => setOpen(true)}>
        Empty its cache…
      </button>
      {open && (
        <Confirm
          title={`Empty the cache of ${api}`}
          action={kind === 'all' ? 'Throw all away' : 'Throw it away'}
          pending={purge.isPending}
          error={purge.error}
          onClose={close}
          onConfirm={() => {
            if (kind === 'all' || text !== '') {
              purge.mutate(
                { api, what: kind === 'all' ? {} : { [kind]: text } },
                { onSuccess: close },
              );
            }
          }}
        >
          <p>What is asked for next comes from the upstream again.</p>
          <select
            className="input"
            aria-label="What is thrown away"
            value={kind}
            onChange={(event) => setKind(event.target.value as Kind)}
          >
            {Object.entries(KINDS).map(([name, { label }]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
          {kind !== 'all' && (
            <input
              className="input"
              required
              placeholder={KINDS[kind].hint}
              aria-label={KINDS[kind].label}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Confirm>
      )}
    </>
  );
}
