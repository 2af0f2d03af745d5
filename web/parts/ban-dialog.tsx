import { useState } from 'react';
import { useCreateBan } from '../api/queries';
import { Confirm } from './confirm';

export const TERMS = [
  ['600', '10 minutes'],
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
  ['31536000', '1 year'],
] as const;

/**
 * Refuses a source in the kernel for a time, or holds it to a rate. The source is typed once more
 * before it happens.
 */
export function BanDialog({
  source,
  action = 'deny',
  why = '',
  onClose,
}: {
  source?: string;
  action?: 'deny' | 'limit';
  why?: string;
  onClose: () => void;
}) {
  const limits = action === 'limit';
  const [block, setBlock] = useState(source ?? '');
  const [reason, setReason] = useState(why);
  const [rate, setRate] = useState('500');
  const [seconds, setSeconds] = useState('3600');
  const ban = useCreateBan();
  return (
    <Confirm
      title={limits ? 'Limit a source' : 'Ban a source'}
      action={limits ? 'Limit' : 'Ban'}
      {...(source === undefined ? {} : { typed: source })}
      pending={ban.isPending}
      error={ban.error}
      onClose={onClose}
      onConfirm={() =>
        ban.mutate(
          {
            source: block,
            reason,
            seconds: Number(seconds),
            ...(limits ? { action, packetsPerSecond: Number(rate) } : {}),
          },
          { onSuccess: onClose },
        )
      }
    >
      <p>
        {limits
          ? 'What it sends above the rate is dropped before it reaches a socket, on every interface.'
          : 'Its packets are dropped before they reach a socket, on every interface.'}{' '}
        You can lift it at any time.
      </p>
      <div className="ban-fields">
        <label>
          Address or block
          <input
            className="input"
            value={block}
            required
            placeholder="203.0.113.7 or 203.0.113.0/24"
            readOnly={source !== undefined}
            onChange={(event) => setBlock(event.target.value)}
          />
        </label>
        <label>
          Reason
          <input
            className="input"
            value={reason}
            required
            maxLength={500}
            placeholder="What it did"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {limits && (
          <label>
            Packets a second
            <input
              className="input"
              type="number"
              min={1}
              max={100000000}
              required
              value={rate}
              onChange={(event) => setRate(event.target.value)}
            />
          </label>
        )}
        <label>
          For
          <select
            className="input"
            value={seconds}
            onChange={(event) => setSeconds(event.target.value)}
          >
            {TERMS.map(([value, text]) => (
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
