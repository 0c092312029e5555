import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../tools/keycloak/ports.ts';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { makeCertificates } from '../support/certificates.ts';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import { adapted, documented, FRONTS, type Front, startFront } from '../support/fronts.ts';
import { startGoodHost } from '../support/hosts/good.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';

const DOCUMENT = 'proxies.md';
const SCOPE = 'mcp-resource-behind';
const certificates = makeCertificates();
let keycloak: RunningKeycloak;
let realm: Realm;
let account: Account;
let ports: { auth: number; svc: number };
let running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  ports = { auth: await freePort(), svc: await freePort() };
  keycloak = await startKeycloak({
    extraArgs: [`--hostname=https://127.0.0.1:${ports.auth}/auth`, '--proxy-headers=xforwarded'],
  });
  realm = await createRealm(keycloak, 'behind');
  await switchEventsOn(realm, { admin: false, user: true });
  account = await accountIn(realm);
  // The MCP server of the test trusts the authority; mcpkc is told of it by --ca-file.
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
}, 300_000);
afterEach(async () => {
  for (const one of running.reverse()) await one.stop();
  running = [];
});
afterAll(() => keycloak?.stop());

/** The block of the document at the ports of this test: the two names become two ports of one address. */
function lines(front: Front, mcp: string, folder: string): string {
  const { auth, svc } = ports;
  const [pem, key, both] = ['good.pem', 'good.key', 'both.pem'].map((name) => join(folder, name));
  writeFileSync(pem ?? '', certificates.good.cert);
  writeFileSync(key ?? '', certificates.good.key);
  writeFileSync(both ?? '', certificates.good.cert + certificates.good.key);
  const upstreams: [string, string][] = [
    ['keycloak:8080', new URL(keycloak.url).host],
    ['mcp:3000', new URL(mcp).host],
  ];
  const files = (name: string): [string, string][] => [
    [`/etc/ssl/${name}.example.com.pem`, pem ?? ''],
    [`/etc/ssl/${name}.example.com.key`, key ?? ''],
  ];
  const block = adapted(documented(DOCUMENT, front.language), upstreams);
  if (front.name === 'HAProxy')
    return adapted(block, [
      ['bind :443 ssl', `bind 127.0.0.1:${auth},127.0.0.1:${svc} ssl`],
      ['crt /etc/haproxy/auth.example.com.pem crt /etc/haproxy/svc.example.com.pem', `crt ${both}`],
      ['hdr(host) -i auth.example.com', `hdr(host) -i 127.0.0.1:${auth}`],
      ['hdr(host) -i svc.example.com', `hdr(host) -i 127.0.0.1:${svc}`],
    ]);
  const secured = adapted(block, [...files('auth'), ...files('svc')]);
  if (front.name === 'Caddy')
    return adapted(secured, [
      ['auth.example.com {', `https://127.0.0.1:${auth} {\n\tbind 127.0.0.1`],
      ['svc.example.com {', `https://127.0.0.1:${svc} {\n\tbind 127.0.0.1`],
    ]);
  return adapted(secured, [
    ['listen 443 ssl;\n    server_name auth.example.com;', `listen 127.0.0.1:${auth} ssl;`],
    ['listen 443 ssl;\n    server_name svc.example.com;', `listen 127.0.0.1:${svc} ssl;`],
  ]);
}

describe.each(FRONTS)('$name with the lines of the document', (front) => {
  it('a realm made ready from inside is green from outside, and nothing of administration gets out', async () => {
    const issuer = `https://127.0.0.1:${ports.auth}/auth/realms/${realm.name}`;
    const mcp = `https://127.0.0.1:${ports.svc}/mcp`;
    const origin = `https://127.0.0.1:${ports.svc}`;
    const host = await startGoodHost({ issuer, scope: SCOPE }, { MCP_PUBLIC_BASE_URL: origin });
    running.push(host, await startFront(front, ports.auth, (folder) => lines(front, host.origin, folder)));
    const env = { ...account.env, KC_ISSUER: issuer };
    const words = ['create-scope', '--resource', mcp, '--scope', SCOPE, '--preset', 'chatgpt'];
    const created = await runCli(words, { env });
    expect(created, created.err).toMatchObject({ exit: 0 });
    const validated = await runCli(['validate', mcp, '--ca-file', 'ca.pem', '--json'], {
      env,
      prepare: (io) => io.disk.set('/here/ca.pem', { text: certificates.ca, mode: 0o644 }),
    });
    const failed = (validated.json.checks as { id: string; outcome: string; message: string }[])
      .filter(({ outcome }) => outcome === 'fail')
      .map(({ id, message }) => `${id}: ${message}`);
    expect(failed).toEqual([]);
    expect(validated.exit).toBe(0);

    const outside = async (path: string) => (await fetch(`https://127.0.0.1:${ports.auth}${path}`)).status;
    expect(await outside(`/auth/realms/${realm.name}/.well-known/openid-configuration`)).toBe(200);
    expect(await outside('/auth/admin/')).toBe(404);
    expect(await outside(`/auth/admin/realms/${realm.name}`)).toBe(404);
    expect(await outside('/metrics')).toBe(404);
    const forwarded = await fetch(`${issuer}/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example.com', 'x-forwarded-for': '203.0.113.9' },
    });
    expect(await forwarded.json()).toMatchObject({ issuer });
  });
});
