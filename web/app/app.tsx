import { Suspense } from 'react';
import { useSession } from '../api/session';
import { Failed } from '../parts/states';
import { Frame } from './frame';
import { pages } from './pages';
import { match, PathParams, useAddress } from './router';
import { SignIn } from './sign-in';

export function App() {
  const session = useSession();
  if (session.isPending) {
    return <div className="app-blank" aria-busy="true" />;
  }
  if (session.isError || session.data === null) {
    return <SignIn failure={session.error} />;
  }
  return (
    <Frame session={session.data}>
      <Suspense fallback={null}>
        <Current />
      </Suspense>
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
