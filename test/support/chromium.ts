/** A real Chromium, driven by puppeteer-core: installed beside the products, not into the project. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { install } from '../products/real/ground.ts';

/** What of puppeteer-core is used here. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  on(event: string, listener: (what: { url?(): string; text?(): string; message?: string }) => void): void;
  emulateMediaFeatures(features: readonly { name: string; value: string }[]): Promise<void>;
  emulateMediaType(type: 'print' | 'screen'): Promise<void>;
  setViewport(size: { width: number; height: number }): Promise<void>;
  screenshot(options: { fullPage: boolean }): Promise<Uint8Array>;
  pdf(): Promise<Uint8Array>;
}

interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Puppeteer {
  launch(options: { executablePath: string; args: string[]; headless: boolean }): Promise<Browser>;
}

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts one; a machine without it is told what to install. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.MCPKC_CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath)
    throw new Error(
      'There is no Chromium here: install the package chromium, or name one in MCPKC_CHROMIUM.',
    );
  const { folder } = await install({ from: 'npm', name: 'puppeteer-core' });
  const puppeteer = createRequire(join(folder, 'here.js'))('puppeteer-core') as Puppeteer;
  return puppeteer.launch({ executablePath, headless: true, args: ['--no-sandbox'] });
}
