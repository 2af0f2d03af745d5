import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { ProblemError } from '../api/http';
import { useSignIn } from '../api/session';
import { Mark } from '../parts/icons';
import { FailedWith } from '../parts/states';

/** The door: the token that the first start wrote, or a fresh sign-in link. */
export function SignIn({ failure }: { failure: Error | null }) {
  const [token, setToken] = useState('');
  const signIn = useSignIn();
  const error = signIn.error ?? failure;
  const spentLink =
    failure instanceof ProblemError && signIn.error === null && failure.problem.status === 401;
  return (
    <main className="sign-in">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate({ token: token.trim() });
        }}
      >
        <header>
          <Mark size={34} />
          <h1>Ostiary</h1>
          <p>The doorkeeper of your APIs, from the packet up.</p>
        </header>
        <PasswordInput
          label="Admin token"
          description="The content of admin.token in the data directory"
          placeholder="Paste the token"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoFocus
          autoComplete="current-password"
          size="md"
        />
        {spentLink && (
          <p className="hint">
            That sign-in link was used already or is too old. Use the token, or restart for a new
            link.
          </p>
        )}
        {error !== null && !spentLink && <FailedWith error={error} />}
        <Button
          type="submit"
          size="md"
          fullWidth
          loading={signIn.isPending}
          disabled={token.trim() === ''}
        >
          Sign in
        </Button>
        <p className="hint">
          <code>cat data/admin.token</code> shows it where Ostiary was started.
        </p>
      </form>
    </main>
  );
}
