import { useState } from 'react';
import type { NewCapture } from '../../api/generated';
import { useStartCapture } from '../../api/queries';
import { navigate, useFilters, useParam } from '../../app/router';
import { Confirm } from '../../parts/confirm';

type Wish = {
  readonly verdicts: 'all' | 'passed' | 'dropped';
  readonly source: string;
  readonly port: string;
  readonly rule: string;
  readonly reason: string;
  readonly api: string;
  readonly call: string;
  readonly seconds: string;
  readonly snap: string;
};

/** What is to be captured; each field that stays empty matches everything. */
export function CaptureDialog({ onClose }: { onClose: () => void }) {
  const filters = useFilters();
  const [call] = useParam('call');
  const [wish, setWish] = useState<Wish>({
    verdicts: 'all',
    source: call === '' ? (filters.source ?? '') : '',
    port: '',
    rule: '',
    reason: '',
    api: call === '' ? (filters.api ?? '') : '',
    call,
    seconds: '60',
    snap: '2048',
  });
  const start = useStartCapture();
  const field = (name: keyof Wish, label: string, hint: string) => (
    <label>
      {label}
      <input
        className="input"
        value={wish[name]}
        placeholder={hint}
        onChange={(event) => setWish({ ...wish, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <Confirm
      title="Capture packets"
      action="Capture"
      calm
      pending={start.isPending}
      error={start.error}
      onClose={onClose}
      onConfirm={() =>
        start.mutate(bodyOf(wish), { onSuccess: (begun) => navigate(`/captures/${begun.id}`) })
      }
    >
      <p>What is left empty matches everything. Who captured what stands in the audit.</p>
      <div className="ban-fields capture-fields">
        <label>
          Verdict
          <select
            className="input"
            value={wish.verdicts}
            onChange={(event) =>
              setWish({ ...wish, verdicts: event.target.value as Wish['verdicts'] })
            }
          >
            <option value="all">all packets</option>
            <option value="passed">passed</option>
            <option value="dropped">dropped</option>
          </select>
        </label>
        {field('source', 'Source', '203.0.113.0/24')}
        {field('port', 'Port', '8080')}
        {field('rule', 'Rule', 'its number')}
        {field('reason', 'Reason of a drop', 'deny-rule')}
        {field('api', 'API', 'its name')}
        {field('call', 'Call', 'its id')}
        {field('seconds', 'Seconds', '60')}
        {field('snap', 'Bytes of each packet', '2048')}
      </div>
    </Confirm>
  );
}

export function bodyOf(wish: Wish): NewCapture {
  const text = (value: string) => (value.trim() === '' ? undefined : value.trim());
  const number = (value: string) => (value.trim() === '' ? undefined : Number(value));
  const all = {
    verdicts: wish.verdicts,
    source: text(wish.source),
    ports: wish.port.split(/[\s,]+/).filter((port) => port !== ''),
    rule: number(wish.rule),
    reasons: wish.reason.split(/[\s,]+/).filter((reason) => reason !== ''),
    api: text(wish.api),
    call: text(wish.call),
    seconds: number(wish.seconds),
    snap: number(wish.snap),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  ) as NewCapture;
}
