import {
  createContext,
  useCallback,
  useContext,
  useMemo,
  useSyncExternalStore,
  type AnchorHTMLAttributes,
  type MouseEvent,
  type ReactNode,
} from 'react';

/** A router of one file: the address bar is the store. All state that is worth a link is in the
 * query, and the parameters in `KEPT` go along from page to page, so a filter set anywhere holds
 * everywhere until it is removed. */
export const FILTERS = ['source', 'api', 'consumer', 'status', 'blame', 'reason'] as const;
export type FilterName = (typeof FILTERS)[number];
const KEPT: ReadonlyArray<string> = [...FILTERS, 'window'];

const listeners = new Set<() => void>();

function notify(): void {
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') {
    history.pushState(null, '', to);
    window.scrollTo(0, 0);
  } else {
    history.replaceState(null, '', to);
  }
  notify();
}

export function useAddress(): { readonly path: string; readonly query: URLSearchParams } {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  const search = useSyncExternalStore(subscribe, () => location.search);
  const query = useMemo(() => new URLSearchParams(search), [search]);
  return { path, query };
}

/** One parameter of the query and how to change it; an empty value removes it. */
export function useParam(name: string): readonly [string, (value: string) => void] {
  const { query } = useAddress();
  const set = useCallback(
    (value: string) => navigate(withParams({ [name]: value }), 'replace'),
    [name],
  );
  return [query.get(name) ?? '', set];
}

export type Filters = Readonly<Partial<Record<FilterName, string>>>;

export function useFilters(): Filters {
  const { query } = useAddress();
  return useMemo(() => {
    const found: Partial<Record<FilterName, string>> = {};
    for (const name of FILTERS) {
      const value = query.get(name);
      if (value !== null && value !== '') {
        found[name] = value;
      }
    }
    return found;
  }, [query]);
}

export function setFilter(name: FilterName, value: string): void {
  navigate(withParams({ [name]: value }), 'replace');
}

function withParams(change: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value === '') {
      query.delete(name);
    } else {
      query.set(name, value);
    }
  }
  const text = query.toString();
  return text === '' ? location.pathname : `${location.pathname}?${text}`;
}

/** An address of the console with the filters of the current page, and `extra` over them. */
export function linkTo(path: string, extra: Readonly<Record<string, string>> = {}): string {
  const from = new URLSearchParams(location.search);
  const query = new URLSearchParams();
  for (const name of KEPT) {
    const value = extra[name] ?? from.get(name);
    if (value !== null && value !== '') {
      query.set(name, value);
    }
  }
  for (const [name, value] of Object.entries(extra)) {
    if (value !== '' && !KEPT.includes(name)) {
      query.set(name, value);
    }
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & {
  readonly to: string;
  readonly extra?: Readonly<Record<string, string>>;
  readonly children: ReactNode;
};

export function Link({ to, extra, children, ...rest }: LinkProps) {
  useAddress(); // Drawn anew when the filters change, since they are part of the link.
  const href = linkTo(to, extra);
  const go = (event: MouseEvent) => {
    if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      navigate(href);
    }
  };
  return (
    <a href={href} onClick={go} {...rest}>
      {children}
    </a>
  );
}

export const PathParams = createContext<Readonly<Record<string, string>>>({});

export function usePathParam(name: string): string {
  return useContext(PathParams)[name] ?? '';
}

/** The parameters of `pattern` (such as `/calls/:call`) in `path`, or null where it does not fit. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split('/');
  const seen = path.replace(/\/$/, '').split('/');
  if (path === '/' ? pattern !== '/' : wanted.length !== seen.length) {
    return null;
  }
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = seen[index] ?? '';
    if (part.startsWith(':')) {
      found[part.slice(1)] = decodeURIComponent(value);
    } else if (part !== value) {
      return null;
    }
  }
  return found;
}
