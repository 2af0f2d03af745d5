// The console in a real browser, against a running Ostiary:
//   node e2e/console.e2e.mjs --base http://127.0.0.1:9080 --token TOKEN [--shots DIR] [--call ID]
// or with OSTIARY_BASE, OSTIARY_TOKEN, OSTIARY_SHOTS. It signs in, visits every page, sees numbers
// move, opens a call with its waterfall, sends a request with try-it, and fails if anything is
// written to the browser's console or any host but the control plane's own is asked. Exit 1 then.
// It expects traffic while it runs and an API called `orders` with a document (--api NAME).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: process.env.OSTIARY_BASE ?? 'http://127.0.0.1:9080' },
    token: { type: 'string', default: process.env.OSTIARY_TOKEN ?? '' },
    shots: { type: 'string', default: process.env.OSTIARY_SHOTS ?? '' },
    api: { type: 'string', default: '' },
    call: { type: 'string', default: '' },
    chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  },
});
const WAIT = 15_000;
const faults = [];
const profile = mkdtempSync(join(tmpdir(), 'ostiary-e2e-'));
if (values.shots) mkdirSync(values.shots, { recursive: true });

const browser = await chromium.launchPersistentContext(profile, {
  executablePath: values.chromium,
  headless: true,
  viewport: { width: 1280, height: 860 },
  colorScheme: 'dark',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = browser.pages()[0] ?? (await browser.newPage());
page.setDefaultTimeout(WAIT);
let expectRefusals = true;
page.on('console', (message) => {
  // The browser itself writes a line for the 401 that asks for the sign-in.
  const refusal = expectRefusals && /status of 401/.test(message.text());
  // The reference's schema library tries whether it may compile code, may not, and goes on.
  const probe =
    message.location().url.includes('/standalone-') && /script-src/.test(message.text());
  if (message.type() === 'error' && !refusal && !probe) faults.push(`console: ${message.text()}`);
});
page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
browser.on('request', (request) => {
  const url = new URL(request.url());
  if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== new URL(values.base).origin)
    faults.push(`foreign request: ${request.url()}`);
});

const shot = async (name) =>
  values.shots && page.screenshot({ path: join(values.shots, `${name}.png`) });
const step = async (name, act) => {
  const started = Date.now();
  try {
    await act();
    process.stdout.write(`ok   ${name} (${Date.now() - started} ms)\n`);
  } catch (failure) {
    faults.push(`${name}: ${failure.message.split('\n')[0]}`);
    process.stdout.write(`FAIL ${name}: ${failure.message}\n`);
    await shot(`failed-${name.replace(/\W+/g, '-')}`);
  }
};
const open = (path) => page.goto(values.base + path, { waitUntil: 'domcontentloaded' });
const changes = async (selector, what) => {
  const place = page.locator(selector).first();
  await place.waitFor();
  const before = await place.textContent();
  const until = Date.now() + WAIT;
  while ((await place.textContent()) === before) {
    if (Date.now() > until)
      throw new Error(`${what}: stood still at ${before} for ${WAIT} ms (expected: live numbers)`);
    await page.waitForTimeout(250);
  }
};

await step('sign in', async () => {
  await open('/');
  await page.getByLabel('Admin token', { exact: true }).fill(values.token);
  await shot('sign-in');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
  expectRefusals = false;
});
await step('now moves', async () => {
  await page.locator('.chart canvas').first().waitFor();
  await changes('.chart-legend', 'the numbers of the first chart');
  await page.locator('.river-node').first().waitFor();
  await shot('now-dark');
});
await step('calls stream', async () => {
  await open('/calls');
  await page.locator('a.calls-row').first().waitFor();
  await changes('#calls-note', 'the count of calls');
  await shot('calls-dark');
});
await step('filters hold across pages', async () => {
  await open('/calls?status=2xx');
  await page.getByRole('link', { name: 'Now', exact: true }).click();
  await page.locator('.chip', { hasText: '2xx' }).waitFor();
  await page.locator('.chip', { hasText: '2xx' }).click();
  await page.locator('.chip').waitFor({ state: 'detached' });
});
await step('history', async () => {
  await open('/calls?mode=history');
  await page.locator('a.calls-row').first().waitFor();
});
await step('a call with its waterfall', async () => {
  if (values.call) await open(`/calls/${values.call}`);
  else await page.locator('a.calls-row').first().locator('.mono').first().click();
  await page.locator('.waterfall .bar').first().waitFor();
  if (((await page.locator('.call-sentence').textContent()) ?? '').length < 10)
    throw new Error('the sentence is missing');
  await shot('call-dark');
  for (const tab of ['policies', 'connection', 'attempts', 'record'])
    await page.getByRole('tab', { name: tab }).click();
  await page.locator('pre.record').waitFor();
});
for (const [path, title] of [
  ['/packets', 'Packets'],
  ['/packets?view=flows', 'Packets'],
  ['/shield', 'Shield'],
  ['/apis', 'APIs'],
  ['/upstreams', 'Upstreams'],
  ['/consumers', 'Consumers'],
  ['/audit', 'Audit'],
]) {
  await step(`page ${path}`, async () => {
    await open(path);
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
    await page.locator('.card').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.skeleton'));
    await shot(`${path.replace(/\W+/g, '-').slice(1)}-dark`);
  });
}
await step('documentation and try-it', async () => {
  await open(values.api ? `/apis/${values.api}` : '/apis');
  if (!values.api)
    await page
      .locator('.card-link', { has: page.locator('.tag.on') })
      .first()
      .click();
  const frame = page.frameLocator('iframe.reference');
  // The reference draws what is in view: choose the first operation that reads.
  await frame.locator('a, button').filter({ hasText: /GET/ }).first().click();
  const test = frame.getByRole('button', { name: /test request/i }).first();
  await test.waitFor();
  await shot('documentation-dark');
  await test.click();
  const answered = page.waitForResponse((response) => response.url().includes('/api/v1/try'));
  await frame.getByRole('button', { name: /send/i }).first().click();
  const response = await answered;
  if (response.status() >= 500)
    throw new Error(`try-it: ${response.status()} (expected: the gateway's own answer)`);
  await page.waitForTimeout(400);
  await shot('try-it-dark');
});
await step('the palette', async () => {
  await open('/');
  await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByLabel('Go to', { exact: true }).fill('shield');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Shield', level: 1 }).waitFor();
});
await step('light and narrow', async () => {
  await page.emulateMedia({ colorScheme: 'light' });
  for (const [path, name] of [
    ['/', 'now'],
    ['/calls', 'calls'],
    ['/shield', 'shield'],
  ]) {
    await open(path);
    await page.locator('h1').first().waitFor();
    await page.waitForTimeout(1_200);
    await shot(`${name}-light`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [path, name] of [
    ['/', 'now'],
    ['/calls', 'calls'],
    ['/apis', 'apis'],
  ]) {
    await open(path);
    await page.locator('h1').first().waitFor();
    await page.waitForTimeout(1_200);
    await shot(`${name}-phone`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) throw new Error(`${path}: wider than the screen`);
  }
});

await browser.close();
rmSync(profile, { recursive: true, force: true });
if (faults.length > 0) {
  process.stdout.write(`\n${faults.length} faults:\n${faults.join('\n')}\n`);
  process.exit(1);
}
