import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useSession } from '../api/session';
import { Failed } from '../parts/states';
import { Frame } from './frame';
import { pages } from './pages';
import { match, PathParams, useAddress } from './router';
import { SignIn } from './sign-in';

export function App() {
  const session = useSession();
  useFreshness();
  if (session.isPending) {
    return <div className="app-blank" aria-busy="true" />;
  }
  if (session.isError || session.data === null) {
    return <SignIn failure={session.error} />;
  }
  return (
    <Frame session={session.data}>
      <Current />
    </Frame>
  );
}

function Current() {
  const { path } = useAddress();
  for (const { page, default: View } of pages) {
    const params = match(page.path, path);
    if (params !== null) {
      document.title = `${page.title} · Ostiary`;
      return (
        <PathParams value={params}>
          <View key={page.path} />
        </PathParams>
      );
    }
  }
  return (
    <Failed
      title="There is no such page"
      detail={`${path} (expected: one of the pages on the left)`}
    />
  );
}

/** When a configuration or a record changed, everything that is shown is asked for again. A sign-in
 * link that is opened where the console stands already only changes the address, hence the reload. */
function useFreshness(): void {
  const client = useQueryClient();
  useEffect(() => {
    const onChange = () =>
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
    const onHash = () => location.hash.startsWith('#/sign-in') && location.reload();
    window.addEventListener('ostiary:change', onChange);
    window.addEventListener('hashchange', onHash);
    return () => {
      window.removeEventListener('ostiary:change', onChange);
      window.removeEventListener('hashchange', onHash);
    };
  }, [client]);
}
