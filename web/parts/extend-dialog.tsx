import { useState } from 'react';
import type { Ban } from '../api/generated';
import { useExtendBan } from '../api/queries';
import { TERMS } from './ban-dialog';
import { Confirm } from './confirm';
import { date } from './numbers';

/** Lets a ban end later. */
export function ExtendDialog({ ban, onClose }: { ban: Ban; onClose: () => void }) {
  const longer = TERMS.filter(
    ([seconds]) => Date.now() + Number(seconds) * 1000 > Date.parse(ban.until),
  );
  const [seconds, setSeconds] = useState<string>(longer[0]?.[0] ?? '2592000');
  const extend = useExtendBan();
  return (
    <Confirm
      title="Extend a ban"
      action="Extend"
      pending={extend.isPending}
      error={extend.error}
      onClose={onClose}
      onConfirm={() =>
        extend.mutate({ ban: ban.id, seconds: Number(seconds) }, { onSuccess: onClose })
      }
    >
      <p>
        The ban of <code>{ban.source}</code> ends {date(Date.parse(ban.until))}.
      </p>
      <div className="ban-fields">
        <label>
          From now on for
          <select
            className="input"
            value={seconds}
            onChange={(event) => setSeconds(event.target.value)}
          >
            {longer.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
    </Confirm>
  );
}
