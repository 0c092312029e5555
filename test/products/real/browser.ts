/** The person's browser: a program that products start with a URL, and a sign-in on Keycloak's pages in its place. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../../support/connectors/outcome.ts';
import { type SignInFailure, signIn, type User } from '../../support/connectors/sign-in.ts';

/** What products look for: `BROWSER`, or one of these on the path. */
const NAMES = ['browser', 'xdg-open', 'x-www-browser', 'sensible-browser', 'www-browser', 'wslview', 'open'];

/** A browser for one run of a product. */
export interface Browser {
  /** A folder to put first into `PATH`; it holds `browser` for `BROWSER`. */
  readonly bin: string;
  /** Where sign-ins ended that reached no redirect URI with a code. */
  readonly refusals: readonly (Failure | SignInFailure)[];
  stop(): Promise<void>;
}

/** Watches for URLs, signs the user in at each, and calls the redirect URI as a browser would. */
export function startBrowser(folder: string, user: User): Browser {
  const bin = join(folder, 'bin');
  const inbox = join(folder, 'urls');
  mkdirSync(bin, { recursive: true });
  mkdirSync(inbox, { recursive: true });
  for (const name of NAMES) {
    const file = join(bin, name);
    writeFileSync(
      file,
      `#!/bin/sh\nfor url; do :; done\nprintf '%s' "$url" > '${inbox}'/$$.part && mv '${inbox}'/$$.part '${inbox}'/$$.url\n`,
    );
    chmodSync(file, 0o755);
  }
  const refusals: SignInFailure[] = [];
  let running = true;
  const watch = async () => {
    while (running) {
      for (const name of readdirSync(inbox).filter((file) => file.endsWith('.url'))) {
        const url = readFileSync(join(inbox, name), 'utf8');
        rmSync(join(inbox, name));
        const refused = await visit(url, user);
        if (refused) refusals.push(refused);
      }
      await sleep(50);
    }
  };
  const watching = watch();
  return {
    bin,
    refusals,
    async stop() {
      running = false;
      await watching;
    },
  };
}

/** Opens one authorization URL; the product's own listener gets the code, or the error. */
async function visit(address: string, user: User): Promise<SignInFailure | undefined> {
  const url = URL.parse(address);
  const redirectUri = url?.searchParams.get('redirect_uri');
  if (!url || !redirectUri) return undefined;
  const result = await signIn(url, { user, redirectUri });
  if (result.params) {
    const callback = new URL(redirectUri);
    callback.search = result.params.toString();
    await fetch(callback).then(
      (answer) => answer.text(),
      () => undefined,
    );
  }
  return result.ok ? undefined : result;
}
