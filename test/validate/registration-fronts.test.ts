import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../tools/keycloak/ports.ts';
import { adapted, documented, FRONTS, type Front, startFront } from '../support/fronts.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { openRegistration } from '../support/strangers.ts';

const realm = await useRealm('fronts');
const upstream = new URL(inject('keycloak').url);

beforeAll(() => openRegistration(realm, ['chatgpt.com']));

const DOCUMENT = 'registration-fronts.md';

/** The lines of the document for each program, at a port of this test. */
const LINES: Readonly<Record<Front['name'], (port: number) => string>> = {
  nginx: (port) =>
    adapted(documented(DOCUMENT, 'nginx'), [
      ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
      ['http://keycloak:8080', `http://${upstream.host}`],
    ]),
  HAProxy: (port) =>
    adapted(documented(DOCUMENT, 'haproxy'), [
      ['bind :443 ssl crt /etc/haproxy/auth.example.com.pem', `bind 127.0.0.1:${port}`],
      ['X-Forwarded-Proto https', 'X-Forwarded-Proto http'],
      ['server keycloak keycloak:8080', `server keycloak ${upstream.host}`],
    ]),
  Caddy: (port) =>
    adapted(documented(DOCUMENT, 'caddy'), [
      ['auth.example.com {', `http://127.0.0.1:${port} {\n\tbind 127.0.0.1`],
      ['keycloak:8080', upstream.host],
    ]),
};

/** Spellings of the paths that must not get through; a proxy and Keycloak may read them differently. */
const CLOSED = [
  'clients-registrations/default',
  'clients-registrations/install',
  'clients-registrations/install/account',
  'clients-registrations/saml2-entity-descriptor',
  'clients-registrations/default/',
  'clients-registrations/default/some-client',
  'clients-registrations/default?x',
  'clients-registrations/default#x',
  'clients-registrations/%64efault',
  'clients-registrations/default;x=1',
  'clients-registrations//default',
  'clients-registrations/./default',
  'clients-registrations/openid-connect/../default',
  'clients-registrations/openid-connect/..;/default',
  'clients-registrations/openid-connect;/../default',
  'clients-registrations/openid-connect/%2e%2e/default',
  'clients-registrations/openid-connect%2F..%2Fdefault',
  'clients-registrations;x/default',
  'clients-registration%73/default',
  'clients%2Dregistrations/default',
  'clients-registrations%2fdefault',
];

/** One request whose path is sent as it is; gives the status and whether Keycloak answered. */
function send(port: number, method: string, path: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}

describe.each(FRONTS)('$name with the lines of the document', (front) => {
  let port: number;
  let running: { stop(): Promise<void> };
  const base = `${upstream.pathname.replace(/\/$/, '')}/realms/${realm.name}`;
  const post = (path: string, body: unknown) => send(port, 'POST', `${base}/${path}`, body);

  beforeAll(async () => {
    port = await freePort();
    running = await startFront(front, port, () => LINES[front.name](port));
  });
  afterAll(() => running.stop());

  it('lets products register, read and delete their client', async () => {
    const response = await fetch(`http://127.0.0.1:${port}${base}/clients-registrations/openid-connect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'] }),
    });
    expect(response.status).toBe(201);
    const { client_id: id, registration_access_token: token } = (await response.json()) as Record<
      string,
      string
    >;
    const own = `http://127.0.0.1:${port}${base}/clients-registrations/openid-connect/${id}`;
    const headers = { authorization: `Bearer ${token}` };
    const read = await fetch(own, { headers });
    expect(read.status).toBe(200);
    const { registration_access_token: next } = (await read.json()) as Record<string, string>;
    const gone = await fetch(own, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${next ?? token}` },
    });
    expect(gone.status).toBe(204);
  });

  it('lets the rest of Keycloak through', async () => {
    const config = await fetch(`http://127.0.0.1:${port}${base}/.well-known/openid-configuration`);
    expect(config.status).toBe(200);
  });

  it.each(CLOSED)('closes %s', async (path) => {
    const before = await count();
    expect([400, 404]).toContain(await post(path, { publicClient: true }));
    expect(await count()).toBe(before);
  });

  it('ends a flood with 429, and not at thirty', async () => {
    if (front.name === 'Caddy') {
      expect(documented(DOCUMENT, 'caddy')).not.toContain('rate');
      return;
    }
    const statuses: number[] = [];
    for (let sent = 0; sent < 80; sent++) {
      statuses.push(await post('clients-registrations/openid-connect', { unparsable: true }));
    }
    expect(statuses.slice(0, 28)).toEqual(Array.from({ length: 28 }, () => 400));
    expect(statuses.at(-1)).toBe(429);
  });

  async function count(): Promise<number> {
    return (await realm.admin.get<unknown[]>(realm.path('clients?max=1000'))).length;
  }
});
