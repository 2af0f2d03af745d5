import type { ReactNode } from 'react';
import type { Blame } from '../api/generated';
import { exact, short, rate as rateText } from './numbers';

/** Small words of the console: numbers with their exact value on hover, status, blame, copy. */

export function Num({ value, unit = '' }: { value: number | null; unit?: string }) {
  if (value === null) {
    return <span title="not measured">–</span>;
  }
  return <span title={`${exact(value)}${unit === '' ? '' : ` ${unit}`}`}>{short(value)}</span>;
}

export function Rate({ value, unit }: { value: number | null; unit: string }) {
  if (value === null) {
    return <span title="not measured">–</span>;
  }
  return <span title={`${exact(value)} ${unit} a second`}>{rateText(value)}</span>;
}

export type Tone = 'passed' | 'warning' | 'error' | 'dropped' | 'quiet';

export function statusTone(status: number, blame: Blame = 'none'): Tone {
  if (status >= 500 || status === 0) {
    return blame === 'client' ? 'quiet' : 'error';
  }
  return status >= 400 ? 'warning' : 'passed';
}

export function Status({ status, blame }: { status: number; blame?: Blame }) {
  return (
    <span
      className={`status tone-${statusTone(status, blame)}`}
      title={status === 0 ? 'No answer was sent' : undefined}
    >
      {status === 0 ? '–––' : status}
    </span>
  );
}

/** A word with a dot; the dot's shape differs too, so that colour is never the only sign. */
export function Dot({ tone, children }: { tone: Tone; children?: ReactNode }) {
  return (
    <span className={`dot-word tone-${tone}`}>
      <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
        {tone === 'error' && <path d="M4 0 8 4 4 8 0 4z" fill="currentColor" />}
        {tone === 'warning' && <path d="M4 .5 8 7.5H0z" fill="currentColor" />}
        {tone === 'dropped' && <path d="M0 0h8v8H0z" fill="currentColor" />}
        {tone === 'quiet' && (
          <circle cx="4" cy="4" r="3" fill="none" stroke="currentColor" strokeWidth="1.5" />
        )}
        {tone === 'passed' && <circle cx="4" cy="4" r="4" fill="currentColor" />}
      </svg>
      <span>{children}</span>
    </span>
  );
}

export function Share({ value, tone = 'passed' }: { value: number; tone?: Tone }) {
  return (
    <span className={`share tone-${tone}`} aria-hidden="true">
      <i style={{ width: `${Math.min(100, Math.max(0, value * 100))}%` }} />
    </span>
  );
}

export function Card({
  title,
  aside,
  children,
  className = '',
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`card ${className}`}>
      {title !== undefined && (
        <header className="card-head">
          <h2>{title}</h2>
          {aside !== undefined && <div className="card-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export function Fact({
  name,
  children,
  title,
}: {
  name: string;
  children: ReactNode;
  title?: string;
}) {
  return (
    <div className="fact" title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Title of a page and one sentence of its state. */
export function PageHead({
  title,
  sentence,
  children,
}: {
  title: ReactNode;
  sentence?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        {sentence !== undefined && <p>{sentence}</p>}
      </div>
      {children !== undefined && <div className="page-tools">{children}</div>}
    </header>
  );
}

export function copyText(text: string): void {
  void navigator.clipboard?.writeText(text);
}
