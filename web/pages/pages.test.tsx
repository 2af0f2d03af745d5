import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as data from '../dev/data.mjs';
import { pages } from '../app/pages';
import { match, navigate, PathParams } from '../app/router';
import { theme } from '../style/theme';

/** Every page once with plausible data, once with none and once with a silent control plane. */
class QuietEvents extends EventTarget {
  static readonly CLOSED = 2;
  readonly readyState = 1;
  close(): void {
    // Nothing was opened.
  }
}

vi.mock('uplot', () => ({
  default: class {
    setData() {}
    setSize() {}
    destroy() {}
  },
}));

const PATHS = [
  '/',
  '/calls',
  '/calls?mode=history',
  '/calls/05x9k2m4n6p8q',
  '/packets',
  '/packets?view=flows',
  '/captures',
  '/captures?new=1&call=05x9k2m4n6p8q',
  '/captures/20261124-034455-1',
  '/captures/20261124-034455-1?packet=1',
  '/shield',
  '/shield?rule=deny%3A%20%7B%20from%3A%20203.0.113.7%20%7D',
  '/kernel',
  '/apis',
  '/apis/orders',
  '/upstreams',
  '/services',
  '/consumers',
  '/quotas',
  '/audit',
];

let reply: (path: string, query: URLSearchParams) => Response;

beforeEach(() => {
  vi.stubGlobal('EventSource', QuietEvents);
  vi.stubGlobal('fetch', (input: string) => {
    const url = new URL(input, 'http://localhost');
    return Promise.resolve(reply(url.pathname, url.searchParams));
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(address: string) {
  navigate(address, 'replace');
  const path = address.split('?')[0] ?? '';
  for (const { page, default: View } of pages) {
    const params = match(page.path, path);
    if (params !== null) {
      const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
      return render(
        <MantineProvider theme={theme}>
          <QueryClientProvider client={client}>
            <PathParams value={params}>
              <View />
            </PathParams>
          </QueryClientProvider>
        </MantineProvider>,
      );
    }
  }
  throw new Error(`${address}: no page (expected: one of pages/)`);
}

test.each(PATHS)('draws %s', async (address) => {
  reply = (path, query) => Response.json(data.answer(path, query));
  const { container } = show(address);
  await waitFor(() => expect(container.querySelector('h1')?.textContent).toBeTruthy());
  await waitFor(() => expect(container.querySelector('.skeleton')).toBeNull());
  expect(
    container.querySelector('.state-failed[role=alert] strong')?.textContent ?? '',
  ).not.toContain('failed');
});

test('says of a rule which other one wins', async () => {
  reply = (path, query) => Response.json(data.answer(path, query));
  show('/shield');
  const sentence = await screen.findByText(
    'deny has no effect: the deny rule at #1 drops the same',
  );
  expect(sentence.closest('tr')?.textContent).toContain('203.0.113.7/32');
});

test.each([
  '/packets',
  '/shield',
  '/apis',
  '/upstreams',
  '/services',
  '/consumers',
  '/quotas',
  '/audit',
  '/calls/05x9k2m4n6p8q',
])('says why %s failed and how to repair it', async (address) => {
  reply = () =>
    Response.json(
      {
        type: 'about:blank',
        title: 'The history is closed',
        status: 503,
        code: 'store-closed',
        detail: 'Restart with --data.',
      },
      { status: 503 },
    );
  show(address);
  expect((await screen.findAllByText('The history is closed')).length).toBeGreaterThan(0);
  expect(screen.getAllByText('Restart with --data.').length).toBeGreaterThan(0);
});

test.each([
  '/packets',
  '/apis',
  '/upstreams',
  '/consumers',
  '/quotas',
  '/audit',
  '/calls?mode=history',
])('has a next step where %s is empty', async (address) => {
  reply = () =>
    Response.json({
      items: [],
      next: null,
      available: true,
      sentence: '',
      configuration: { state: 'in-force' },
      listeners: [],
      packetsPerSecond: 0,
      connectionsPerSecond: 0,
      sources: 0,
      sampledOneOf: 1,
      cookies: { state: 'off', since: null, answered: 0, completed: 0, invalid: 0 },
    });
  const { container } = show(address);
  await waitFor(() => expect(container.querySelector('.state strong')).not.toBeNull());
});
