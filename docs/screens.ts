/**
 * The screens of the README: real commands of the built mcpkc against a real Keycloak, with what differs from run to run
 * replaced by names that stay. `npm run docs` writes them into the documents; a test captures them again and compares.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../src/main.ts';
import { WORKING_ROLES } from '../src/realm/roles.ts';
import { Connector } from '../test/support/connectors/chatgpt.ts';
import { startGoodHost } from '../test/support/hosts/good.ts';
import { switchEventsOn } from '../test/support/keycloak/events.ts';
import { createRealm, type Realm } from '../test/support/keycloak/realm.ts';
import { createServiceAccount } from '../test/support/keycloak/service-account.ts';
import { memoryIo } from '../test/support/memory-io.ts';
import type { AdminAccess } from '../tools/keycloak/admin.ts';

/** What a screen shows: the command as it was typed, and all that came back. */
export type Screens = Record<string, string>;

/** Runs through the life of a connection with the program at `mcpkc`, and captures its screens. */
export async function captureScreens(server: AdminAccess, mcpkc: string): Promise<Screens> {
  const realm = await createRealm(server, 'tools');
  const folder = await mkdtemp(join(tmpdir(), 'mcpkc-screens-'));
  const scope = 'mcp-resource-svc';
  const host = await startGoodHost({ issuer: realm.issuer, scope });
  try {
    const account = await createServiceAccount(realm, 'mcpkc', WORKING_ROLES);
    await switchEventsOn(realm, { user: true, admin: false });
    const user = await realm.createUser({ username: 'alice' });
    const env = {
      PATH: process.env.PATH,
      XDG_STATE_HOME: folder,
      XDG_CONFIG_HOME: folder,
      KC_SERVER: server.url,
      KC_REALM: realm.name,
      KC_CLIENT_ID: account.clientId,
      KC_CLIENT_SECRET: account.secret,
    };
    const run = (...args: string[]) => type(mcpkc, args, { cwd: folder, env });
    const screens: Screens = {};
    const keep = (name: string, text: string) => {
      screens[name] = steady(text, { server, realm, host: host.origin });
    };
    keep('status-before', await run('status', '--resource', host.url).done);
    const onboarding = run(
      'onboard',
      host.url,
      '--scope',
      scope,
      '--preset',
      'chatgpt',
      '--until',
      'connected',
      '--timeout',
      '60s',
    );
    await onboarding.until(/Waiting for a connector/);
    const connector = new Connector(host.url);
    await connector.discover();
    const registered = await connector.register();
    if (!registered.ok) throw new Error(`the connector could not register: ${JSON.stringify(registered)}`);
    await onboarding.until(/time being/);
    await new Connector(host.url, { client: registered }).connect(user, { name: 'whoami' });
    keep('onboard', await onboarding.done);
    keep('status', await run('status', '--resource', host.url).done);
    keep('validate', await run('validate', host.url).done);
    // A connection that was begun and given up.
    const forgotten = new Connector(host.url);
    await forgotten.discover();
    await forgotten.register();
    keep('prune', await inTenDays(['prune-clients'], env));
    return screens;
  } finally {
    await host.stop();
    await realm.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same command in ten days, as far as mcpkc's clock goes: in this process, with another clock. */
async function inTenDays(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const io = memoryIo({ env, now: Date.now() + 10 * 86_400_000 });
  await main(args, io);
  return `$ mcpkc ${args.join(' ')}\n${io.err()}${io.out()}`;
}

/**
 * The addresses of this machine become public names. So the sentences go with them that tell of addresses which no
 * vendor's servers reach, and the sign that such a product has in place of its tick.
 */
function withoutVendorNetwork(text: string): string {
  return text
    .replaceAll(/^! \S+ connects from its vendor’s servers,(?:(?!outside\.)[\s\S])*outside\.\n/gm, '')
    .replaceAll(
      /^! (\S+, by registration, (?:(?!\n\S)[\s\S])*?)\n {4}Its\s+vendor’s\s+servers\s+can’t\s(?:(?!outside\.)[\s\S])*outside\.\n/gm,
      '✓ $1\n',
    );
}

/** Replaces addresses, names, ids and times by ones that stay; columns keep their width. */
function steady(
  text: string,
  { server, realm, host }: { server: AdminAccess; realm: Realm; host: string },
): string {
  const ids = new Map<string, string>();
  return withoutVendorNetwork(text)
    .replaceAll(server.url, 'https://auth.example.com')
    .replaceAll(host, 'https://svc.example.com')
    .replaceAll(new URL(host).hostname, 'svc.example.com')
    .replaceAll(realm.name, 'tools')
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
      const known = ids.get(id) ?? `3f1c${String(ids.size + 1).padStart(4, '0')}-5d2e-4b7a-9c1f-0a2b3c4d5e6f`;
      ids.set(id, known);
      return known;
    })
    .replaceAll(/(?<=mcp-audience-[a-z0-9-]+-)[0-9a-f]{32}/g, '5d2e4b7a9c1f0a2b3c4d5e6f7a8b9c0d')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '2026-01-15T12:00:00Z')
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, '12:00:00')
    .replaceAll(/\b\d+ ms\b/g, '12 ms');
}

/** Types a command line: the line itself, then stdout and stderr as they came. */
function type(mcpkc: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const child = spawn(process.execPath, [mcpkc, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = `$ mcpkc ${args.join(' ')}\n`;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const done = new Promise<string>((ended, failed) => {
    child.on('error', failed);
    child.on('close', () => ended(text));
  });
  const until = async (pattern: RegExp) => {
    for (let left = 600; left > 0 && !pattern.test(text); left -= 1)
      await new Promise((go) => setTimeout(go, 50));
    if (!pattern.test(text)) throw new Error(`mcpkc ${args[0]} never said ${pattern}: ${text}`);
  };
  return { done, until };
}
