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

/** Throws away what the API's cache keeps, of one address or all of it. */
export function Purge({ api }: { api: string }) {
  const [open, setOpen] = useState(false);
  const [url, setUrl] = useState('');
  const purge = usePurgeCache();
  const close = () => {
    setOpen(false);
    setUrl('');
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
          action={url === '' ? 'Throw all away' : 'Throw it away'}
          pending={purge.isPending}
          error={purge.error}
          onClose={close}
          onConfirm={() =>
            purge.mutate({ api, ...(url === '' ? {} : { url }) }, { onSuccess: close })
          }
        >
          <p>What is asked for next comes from the upstream again.</p>
          <input
            className="input"
            placeholder="One address with host and path; empty: all"
            aria-label="Address"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        </Confirm>
      )}
    </>
  );
}
