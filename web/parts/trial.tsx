import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTrial, useTrialAction, type TrialAction } from '../api/queries';
import { Card, Dot } from './bits';
import { FailedWith } from './states';

const ROUND = 2 * Math.PI * 20;

/** Kernel rules that wait to be confirmed, or were rolled back; nothing where neither is so. */
export function Trial() {
  const trial = useTrial();
  const act = useTrialAction();
  const left = useSeconds(trial.data?.secondsLeft ?? 0, trial.dataUpdatedAt);
  const state = trial.data?.state;
  if (trial.data === undefined || state === 'confirmed') {
    return null;
  }
  const button = (action: TrialAction, label: string, main: boolean) => (
    <Button
      variant={main ? 'filled' : 'default'}
      loading={act.isPending && act.variables === action}
      disabled={act.isPending}
      onClick={() => act.mutate(action)}
    >
      {label}
    </Button>
  );
  return (
    <Card className="trial">
      <div className="trial-row">
        {state === 'on-trial' ? (
          <>
            <Ring left={left} of={trial.data.confirmSeconds} />
            <p>
              <Dot tone="warning">
                <b>The kernel rules are on trial.</b>
              </Dot>
              <br />
              You are still connected. Confirm them within {Math.ceil(left)} s, or those before come
              back; the file stays as it is.
            </p>
            <div className="trial-actions">
              {button('confirm', 'Confirm', true)}
              {button('rollback', 'Roll back', false)}
            </div>
          </>
        ) : (
          <>
            <p>
              <Dot tone="error">
                <b>The kernel rules of the file are rolled back.</b>
              </Dot>
              <br />
              Nobody confirmed them in time, so those before are in force. Change the file, or try
              them again.
            </p>
            <div className="trial-actions">{button('retry', 'Try again', true)}</div>
          </>
        )}
      </div>
      {act.error !== null && <FailedWith error={act.error} />}
    </Card>
  );
}

/** Counts down between two answers of the control plane. */
function useSeconds(seconds: number, at: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (seconds <= 0) {
      return undefined;
    }
    const timer = window.setInterval(() => setNow(Date.now()), 250);
    return () => window.clearInterval(timer);
  }, [seconds, at]);
  return Math.max(0, seconds - Math.max(0, now - at) / 1000);
}

function Ring({ left, of }: { left: number; of: number }) {
  const share = of === 0 ? 0 : Math.min(1, left / of);
  return (
    <svg
      className="trial-ring"
      width="48"
      height="48"
      viewBox="0 0 48 48"
      role="timer"
      aria-label={`${Math.ceil(left)} seconds left`}
    >
      <circle cx="24" cy="24" r="20" fill="none" stroke="var(--line)" strokeWidth="4" />
      <circle
        cx="24"
        cy="24"
        r="20"
        fill="none"
        stroke="var(--warning)"
        strokeWidth="4"
        strokeDasharray={ROUND}
        strokeDashoffset={ROUND * (1 - share)}
        transform="rotate(-90 24 24)"
      />
      <text x="24" y="29" textAnchor="middle" fill="var(--ink)">
        {Math.ceil(left)}
      </text>
    </svg>
  );
}
