import type { ReactNode } from 'react';
import { ProblemError } from '../api/http';

/** The four states that every page draws besides its content. */

export function Failed({
  title,
  detail,
  action,
}: {
  title: string;
  detail: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="state state-failed" role="alert">
      <strong>{title}</strong>
      <p>{detail}</p>
      {action}
    </div>
  );
}

/** A refusal as the admin API worded it, with every fault it named. */
export function FailedWith({ error, again }: { error: unknown; again?: () => void }) {
  const problem = error instanceof ProblemError ? error.problem : null;
  return (
    <Failed
      title={problem?.title ?? 'This page failed'}
      detail={
        <>
          {problem?.detail ?? String(error)}
          {problem?.faults?.map((fault) => (
            <span className="fault" key={fault.pointer + fault.message}>
              <code>{fault.pointer}</code> {fault.message}
            </span>
          ))}
        </>
      }
      action={
        again && (
          <button type="button" className="plain-button" onClick={again}>
            Ask again
          </button>
        )
      }
    />
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="skeleton" aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

type Question<T> = {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
};

/** Draws a query's answer, or its skeleton, or what went wrong; old data stays visible with a note
 * when a later question failed. */
export function Answer<T>({
  of,
  children,
  rows = 6,
}: {
  of: Question<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (of.data === undefined) {
    return of.error === null ? (
      <Skeleton rows={rows} />
    ) : (
      <FailedWith error={of.error} again={() => void of.refetch()} />
    );
  }
  return (
    <>
      {of.error !== null && (
        <p className="stale-note" role="status">
          Shown as it was: {of.error.message}
        </p>
      )}
      {children(of.data)}
    </>
  );
}
