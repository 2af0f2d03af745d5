import { useState } from 'react';
import { useBans } from '../../api/queries';
import { PageHead } from '../../parts/bits';
import { Bans } from '../../parts/bans';

export const page = {
  path: '/bans',
  title: 'Bans',
  nav: { order: 4.2, icon: 'bans' },
} as const;

/** Who is refused, why, and until when? */
export default function BansPage() {
  const active = useBans('active');
  const [state, setState] = useState<'active' | 'all'>('active');
  const count = active.data?.items.length ?? 0;
  return (
    <>
      <PageHead
        title="Bans"
        sentence={
          count === 0
            ? 'Nobody is banned.'
            : `${count}${active.data?.next == null ? '' : ' and more'} ${count === 1 ? 'source is' : 'sources are'} refused or held to a rate.`
        }
      />
      <div className="chips">
        {(['active', 'all'] as const).map((one) => (
          <button
            type="button"
            key={one}
            className={`plain-button small ${state === one ? 'accent' : ''}`}
            aria-pressed={state === one}
            onClick={() => setState(one)}
          >
            {one === 'active' ? 'in force' : 'all there were'}
          </button>
        ))}
      </div>
      <Bans state={state} title={state === 'active' ? 'In force' : 'All there were'} />
    </>
  );
}
