import standalone from '../node_modules/@scalar/api-reference/dist/browser/standalone.js?url';

/** The API reference is a page of its own, shown in a frame: its styles cannot meet ours, its
 * bundle is fetched only here, and it has the same address as the console, so that it may ask
 * nobody else. Everything in Scalar that would call its makers is switched off; `proxyUrl` sends
 * try-it requests to the admin API, which passes them to the gateway's own listeners and nowhere
 * else. The end-to-end test watches that no other host is asked. */
type Scalar = {
  readonly createApiReference: (
    where: string,
    settings: Readonly<Record<string, unknown>>,
  ) => unknown;
};

const query = new URLSearchParams(location.search);
const api = query.get('api') ?? '';
const dark = query.get('scheme') === 'dark';

/** Scalar's colours, taken from the console's accent and greys. */
const STYLE = `
  :root { --scalar-font: ui-sans-serif, system-ui, sans-serif; --scalar-font-code: ui-monospace, monospace; }
  .light-mode { --scalar-color-accent: #0b7d6b; --scalar-background-1: #ffffff; --scalar-background-2: #f6f7f8; }
  .dark-mode { --scalar-color-accent: #2fc1a5; --scalar-background-1: #13171c; --scalar-background-2: #1a1f26;
    --scalar-background-3: #232a33; --scalar-border-color: #232a33; }
  .darklight-reference, .open-api-client-button, a[href*="scalar.com"] { display: none !important; }
`;

function settings(): Readonly<Record<string, unknown>> {
  return {
    url: `/api/v1/apis/${encodeURIComponent(api)}/openapi.json`,
    proxyUrl: '/api/v1/try',
    withDefaultFonts: false,
    telemetry: false,
    externalUrls: {
      dashboardUrl: location.origin,
      registryUrl: location.origin,
      proxyUrl: location.origin,
      apiBaseUrl: location.origin,
    },
    agent: { disabled: true, hideAddApi: true },
    mcp: { disabled: true },
    showDeveloperTools: 'never',
    hideClientButton: true,
    hideDarkModeToggle: true,
    forceDarkModeState: dark ? 'dark' : 'light',
    darkMode: dark,
    documentDownloadType: 'both',
    persistAuth: false,
    hiddenClients: false,
    defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
    customCss: STYLE,
  };
}

function show(message: string): void {
  const place = document.getElementById('reference');
  if (place !== null) {
    place.textContent = message;
    place.setAttribute('role', 'alert');
  }
}

const script = document.createElement('script');
script.src = standalone;
script.onload = () => {
  const scalar = (window as unknown as { Scalar?: Scalar }).Scalar;
  scalar?.createApiReference('#reference', settings());
};
script.onerror = () =>
  show(`The reference could not be loaded from ${standalone}. Reload the page.`);
document.documentElement.style.background = dark ? '#13171c' : '#ffffff';
document.head.append(script);
