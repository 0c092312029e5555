import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ShownCheck } from '../../src/checks/answer.ts';
import { CHECKS } from '../../src/checks/index.ts';
import { validateHtml } from '../../src/commands/validate/html.ts';
import { type Page, startChromium } from '../support/chromium.ts';
import { answerOf, checkOf } from '../support/validate-answer.ts';

const EVIL = `"'></pre></details><script>window.hurt=1</script><img src=x onerror="window.hurt=2"><b>\u202e\u001b[2J</b><style>body{display:none}</style>javascript:window.hurt=3`;
const TIME = { at: '2026-01-01T00:00:00.000Z', ms: 4300 };
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-page-'));
let browser: Awaited<ReturnType<typeof startChromium>>;

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every check there is: a failure in the middle, what hangs on it, and an outsider’s text wherever one may stand. */
function hostile() {
  const exchange = {
    requestId: 'mcpkc-1',
    request: `GET https://svc.example.com/${EVIL}`,
    status: 200,
    ms: 12,
    headers: { 'www-authenticate': EVIL },
    body: EVIL,
    problem: EVIL,
  };
  const changes = (id: string): Partial<ShownCheck> => {
    if (id === 'PRM-RESOURCE')
      return { outcome: 'fail', message: EVIL, cause: EVIL, fix: EVIL, title: EVIL, spec: EVIL };
    return id.startsWith('MCP-') ? { outcome: 'not-run', culprit: 'PRM-RESOURCE' } : {};
  };
  const checks = CHECKS.map(({ id }) =>
    checkOf(id, { ...changes(id), evidence: { exchanges: [exchange], facts: {} } }),
  );
  return answerOf(checks, {
    red: ['PRM-RESOURCE'],
    mcp: `https://svc.example.com/${EVIL}`,
    issuer: EVIL,
    realm: EVIL,
    scope: EVIL,
    requests: [{ id: EVIL, request: EVIL, to: EVIL, status: null, ms: 1 }],
    realmErrors: [{ code: 'SCOPE_MISSING', message: EVIL, fix: { kind: 'command', text: EVIL } }],
  });
}

/** Opens a page, and keeps whatever it asks for and complains of. */
async function opened(html: string): Promise<{ page: Page; asked: string[]; said: string[]; url: string }> {
  const file = join(folder, 'page.html');
  writeFileSync(file, html);
  const url = pathToFileURL(file).href;
  const page = await browser.newPage();
  const [asked, said]: string[][] = [[], []];
  page.on('request', (request) => asked?.push(request.url?.() ?? ''));
  page.on('console', (message) => said?.push(message.text?.() ?? ''));
  page.on('pageerror', (error) => said?.push(error.message ?? ''));
  await page.goto(url);
  return { page, asked: asked ?? [], said: said ?? [], url };
}

it('asks for nothing from anywhere, complains of nothing, and what outsiders wrote does nothing', async () => {
  const { page, asked, said, url } = await opened(validateHtml(hostile(), TIME));
  expect(await page.evaluate('window.hurt')).toBe(undefined);
  const foreign = "document.querySelectorAll('script,img,b,iframe,object,form,a[href],link').length";
  expect(await page.evaluate(foreign)).toBe(0);
  expect(await page.evaluate("document.querySelectorAll('style').length")).toBe(1);
  expect(await page.evaluate('getComputedStyle(document.body).display')).toBe('block');
  expect(asked).toEqual([url]);
  expect(said).toEqual([]);
});

it('shows where the way broke: the steps before it work, the last was not reached', async () => {
  const { page } = await opened(validateHtml(hostile(), TIME));
  const steps = await page.evaluate(
    "[...document.querySelectorAll('svg g text')].map((one) => one.textContent)",
  );
  expect(steps).toEqual([
    '1. asks without a token: ✓ works',
    '2. reads the resource metadata: ✗ broken here',
    '3. reads the issuer’s metadata: ✓ works',
    '4. registers: ✓ works',
    '5. sends the person to sign in: ✓ works',
    '6. gets a token: ✓ works',
    '7. calls with the token: ■ not reached',
  ]);
  const covered = `[...document.querySelectorAll('svg g text')].every((one) => one.getBoundingClientRect().right <= document.querySelector('svg').getBoundingClientRect().right)`;
  expect(await page.evaluate(covered)).toBe(true);
});

it('is readable in light, dark and print, and as narrow as a telephone', async () => {
  const { page } = await opened(validateHtml(hostile(), TIME));
  const colours = () =>
    page.evaluate('[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]');
  const shots: number[] = [];
  for (const value of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
    expect(await colours()).toEqual(
      value === 'light'
        ? ['rgb(255, 255, 255)', 'rgb(27, 31, 36)']
        : ['rgb(13, 17, 23)', 'rgb(230, 237, 243)'],
    );
    shots.push((await page.screenshot({ fullPage: true })).length);
  }
  expect(Math.min(...shots)).toBeGreaterThan(20_000);
  // Paper is white though the screen is dark, and shows what is folded.
  await page.emulateMediaType('print');
  expect(await colours()).toEqual(['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
  expect(
    await page.evaluate(
      "document.querySelector('section details details').getBoundingClientRect().height > 0",
    ),
  ).toBe(true);
  expect((await page.pdf()).length).toBeGreaterThan(20_000);
  await page.emulateMediaType('screen');
  await page.setViewport({ width: 360, height: 640 });
  expect(await page.evaluate('document.documentElement.scrollWidth <= 360')).toBe(true);
});
