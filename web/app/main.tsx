import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../style/index.css';
import { ProblemError } from '../api/http';
import { theme } from '../style/theme';
import { App } from './app';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays a refusal; only a silent control plane is asked again.
      retry: (count, failure) =>
        count < 2 && failure instanceof ProblemError && failure.problem.code === 'unreachable',
      refetchOnWindowFocus: false,
    },
  },
});

const root = document.getElementById('root');
if (root === null) {
  throw new Error('#root: absent (expected: the element of index.html)');
}
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
