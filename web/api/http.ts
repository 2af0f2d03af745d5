import type { AdminPath, Problem } from './generated';

/** A refusal of the admin API, shown to people as it came. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

type Ask = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
};

/** Called when a session has ended, wherever that is noticed; set once by `session.ts`. */
let signedOut: () => void = () => undefined;

export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

export function address(path: AdminPath, ask: Pick<Ask, 'path' | 'query'> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(ask.path?.[name] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(ask.query ?? {})) {
    if (value !== undefined && value !== '') {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

/** Asks the admin API; `T` is the schema that the document names for this path and method. */
export async function ask<T>(path: AdminPath, options: Ask = {}): Promise<T> {
  const method = options.method ?? 'GET';
  const headers = new Headers({ Accept: 'application/json' });
  if (method !== 'GET') {
    headers.set('Ostiary-Request', '1');
  }
  if (options.body !== undefined) {
    headers.set('Content-Type', 'application/json');
  }
  let response: Response;
  try {
    response = await fetch(address(path, options), {
      method,
      headers,
      credentials: 'same-origin',
      signal: options.signal ?? null,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') {
      throw failure;
    }
    throw new ProblemError(unreachable());
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && path !== '/api/v1/session') {
      signedOut();
    }
    throw new ProblemError(problem);
  }
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null && 'title' in body) {
      return { code: 'unknown', type: 'about:blank', detail: '', ...body } as Problem;
    }
  } catch {
    // Not JSON: something other than the admin API answered, said below.
  }
  return {
    type: 'about:blank',
    title: `The control plane answered ${response.status}`,
    status: response.status,
    code: 'unknown',
    detail:
      'The answer is not a problem document. Does something stand between this page and Ostiary?',
  };
}

function unreachable(): Problem {
  return {
    type: 'about:blank',
    title: 'The control plane does not answer',
    status: 503,
    code: 'unreachable',
    detail: `No connection to ${location.origin}. Is the process running? Start it with ./ostiary run.`,
  };
}
