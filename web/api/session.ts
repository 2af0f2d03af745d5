import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ask, onSignedOut, ProblemError } from './http';
import type { Credentials, Session } from './generated';

const KEY = ['session'] as const;

/** Who is signed in: null when nobody is. */
export function useSession() {
  const client = useQueryClient();
  onSignedOut(() => client.setQueryData(KEY, null));
  return useQuery<Session | null>({
    queryKey: KEY,
    staleTime: Infinity,
    queryFn: async () => {
      const code = takeCode();
      if (code !== null) {
        return ask<Session>('/api/v1/session', { method: 'POST', body: { code } });
      }
      try {
        return await ask<Session>('/api/v1/session');
      } catch (failure) {
        if (failure instanceof ProblemError && failure.problem.status === 401) {
          return null;
        }
        throw failure;
      }
    },
  });
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (credentials: Credentials) =>
      ask<Session>('/api/v1/session', { method: 'POST', body: credentials }),
    onSuccess: (session) => client.setQueryData(KEY, session),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask<void>('/api/v1/session', { method: 'DELETE' }),
    onSettled: () => {
      client.clear();
      client.setQueryData(KEY, null);
    },
  });
}

/** The one-time code of the sign-in link `/#/sign-in?code=...`. It is taken out of the address at
 * once, so that it stays neither in the history nor on the screen. */
function takeCode(): string | null {
  const match = /^#\/sign-in\?code=(.+)$/.exec(location.hash);
  if (match?.[1] === undefined) {
    return null;
  }
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(match[1]);
}
