/** Chromium with a person in it, for products that are web pages. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startChromium } from '../../support/chromium.ts';
import type { User } from '../../support/connectors/sign-in.ts';

/** What of a page is used here. */
interface Page {
  goto(url: string, options: { waitUntil: 'networkidle2' }): Promise<unknown>;
  /** Runs an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  $(selector: string): Promise<unknown>;
  type(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
}

const PATIENCE_MS = 40_000;

/** Opens a page, clicks, signs in and consents where Keycloak asks, until the page shows one of the texts. */
export async function visitWithChromium(
  url: string,
  user: User,
  { click, until }: { click: string; until: RegExp },
): Promise<string> {
  const browser = await startChromium();
  try {
    const page = (await browser.newPage()) as unknown as Page;
    await page.goto(url, { waitUntil: 'networkidle2' });
    await clickOnce(page, click);
    let text = '';
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !until.test(text); await sleep(300)) {
      // In the middle of a navigation there is no page to ask.
      text = await look(page, user).catch(() => text);
    }
    return text;
  } finally {
    await browser.close();
  }
}

async function clickOnce(page: Page, selector: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(200)) {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    const clicked = await page.evaluate(`${found} !== null && (${found}.click(), true)`);
    if (clicked) return;
  }
  throw new Error(`the page never showed ${selector}`);
}

async function look(page: Page, { username, password }: User): Promise<string> {
  if (await page.$('#username')) {
    await page.type('#username', username);
    await page.type('#password', password);
    await page.click('#kc-login');
  } else if (await page.$('[name=accept]')) {
    await page.click('[name=accept]');
  }
  return String(await page.evaluate('document.body.innerText'));
}
