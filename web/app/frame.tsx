import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import type { Session } from '../api/generated';
import { setPaused, setSeconds, useLive } from '../api/live';
import { useSignOut } from '../api/session';
import { Chips } from '../parts/chips';
import { Icon, Mark } from '../parts/icons';
import { Refused } from '../parts/refused';
import { Footer } from './footer';
import { Palette } from './palette';
import { navigation } from './pages';
import { Link, useAddress, useParam } from './router';

const WINDOWS = [
  ['300', '5 min'],
  ['900', '15 min'],
  ['3600', '60 min'],
] as const;

/** What stands around every page: where one is, how fresh it is, and where else to go. */
export function Frame({ session, children }: { session: Session; children: ReactNode }) {
  const [menu, setMenu] = useState(false);
  const [palette, setPalette] = useState(false);
  const { path } = useAddress();
  useEffect(() => setMenu(false), [path]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        setPalette(true);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className="frame" data-menu={menu}>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <button
          type="button"
          className="icon-button menu-button"
          aria-label="Pages"
          aria-expanded={menu}
          onClick={() => setMenu(!menu)}
        >
          <Icon name="menu" />
        </button>
        <Link to="/" className="brand">
          <Mark /> <span>Ostiary</span>
        </Link>
        <button type="button" className="search-button" onClick={() => setPalette(true)}>
          <Icon name="search" size={15} /> <span>Go to a page, a call, an API…</span> <kbd>⌘K</kbd>
        </button>
        <Tools session={session} />
      </header>
      <Navigation path={path} />
      <main className="content" id="content" tabIndex={-1}>
        <Stale />
        <Refused />
        <Chips />
        {children}
      </main>
      <Footer />
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  );
}

function Navigation({ path }: { path: string }) {
  return (
    <nav className="side" aria-label="Pages">
      {navigation.map(({ page }) => {
        const here = page.path === '/' ? path === '/' : path.startsWith(page.path);
        return (
          <Link key={page.path} to={page.path} aria-current={here ? 'page' : undefined}>
            <Icon name={page.nav?.icon ?? ''} /> {page.title}
          </Link>
        );
      })}
    </nav>
  );
}

function Tools({ session }: { session: Session }) {
  const { paused, link } = useLive();
  const [chosen, setChosen] = useParam('window');
  const seconds = WINDOWS.some(([value]) => value === chosen) ? chosen : '900';
  useEffect(() => setSeconds(Number(seconds)), [seconds]);
  const state = paused ? 'paused' : link.kind;
  return (
    <div className="tools">
      <span className={`live live-${state}`} role="status">
        <i aria-hidden="true" /> {state}
      </span>
      <label className="window-select">
        <span className="visually-hidden">Time range</span>
        <select
          value={seconds}
          onChange={(event) => setChosen(event.target.value === '900' ? '' : event.target.value)}
        >
          {WINDOWS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="icon-button"
        aria-pressed={paused}
        aria-label={paused ? 'Resume' : 'Pause'}
        title={paused ? 'Resume' : 'Pause'}
        onClick={() => setPaused(!paused)}
      >
        <Icon name={paused ? 'play' : 'pause'} />
      </button>
      <Scheme />
      <User session={session} />
    </div>
  );
}

function Scheme() {
  const scheme = useComputedColorScheme('dark');
  const { setColorScheme } = useMantineColorScheme();
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
      onClick={() => setColorScheme(other)}
    >
      <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
    </button>
  );
}

function User({ session }: { session: Session }) {
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <button type="button" className="icon-button" aria-label={`Signed in as ${session.user}`}>
          <Icon name="user" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.user} · {session.role}
        </Menu.Label>
        <Menu.Item onClick={() => signOut.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Says since when the numbers stand still, and what to do about it. */
function Stale() {
  const { link } = useLive();
  if (link.kind !== 'stale') {
    return null;
  }
  return (
    <p className="stale-note" role="alert">
      No news since {new Date(link.since).toLocaleTimeString()}. What you see is from then. The
      console keeps trying; if it stays like this, see whether the process runs.
    </p>
  );
}
