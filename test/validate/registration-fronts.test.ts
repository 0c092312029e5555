import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../tools/keycloak/ports.ts';
import { findProgram, type Program } from '../support/debian-program.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { openRegistration } from '../support/strangers.ts';

const realm = await useRealm('fronts');
const upstream = new URL(inject('keycloak').url);

beforeAll(() => openRegistration(realm, ['chatgpt.com']));

/** A block of docs/registration-fronts.md, as an operator copies it. */
function documented(language: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/registration-fronts.md'), 'utf8');
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/registration-fronts.md has no block for ${language}`);
  return block;
}

/** Replaces what names the operator's own machines; throws where the document changed. */
function adapted(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`the document no longer has: ${from}`);
    return now.replaceAll(from, to);
  }, text);
}

interface Front {
  name: string;
  program: Program;
  /** The configuration, and how the program is told of it. */
  config(port: number, folder: string): string;
  args(file: string, folder: string): string[];
  limits: boolean;
}

const FRONTS: readonly Front[] = [
  {
    name: 'nginx',
    program: findProgram('nginx', {
      told: 'MCPKC_TEST_NGINX',
      inside: 'usr/sbin/nginx',
      packages: ['nginx'],
    }),
    config: (port, folder) => {
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join('\n');
      const block = adapted(documented('nginx'), [
        ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
        ['http://keycloak:8080', `http://${upstream.host}`],
      ]);
      return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${places}
${block} }`;
    },
    args: (file, folder) => ['-p', folder, '-e', join(folder, 'error.log'), '-c', file],
    limits: true,
  },
  {
    name: 'HAProxy',
    program: findProgram('haproxy', {
      told: 'MCPKC_TEST_HAPROXY',
      inside: 'usr/sbin/haproxy',
      packages: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'],
    }),
    config: (port) => `defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
${adapted(documented('haproxy'), [
  ['bind :443 ssl crt /etc/haproxy/auth.example.com.pem', `bind 127.0.0.1:${port}`],
  ['X-Forwarded-Proto https', 'X-Forwarded-Proto http'],
  ['server keycloak keycloak:8080', `server keycloak ${upstream.host}`],
])}`,
    args: (file) => ['-f', file],
    limits: true,
  },
  {
    name: 'Caddy',
    program: findProgram('caddy', {
      told: 'MCPKC_TEST_CADDY',
      inside: 'usr/bin/caddy',
      packages: ['caddy'],
    }),
    config: (port) => `{
	admin off
	auto_https off
}
${adapted(documented('caddy'), [
  ['auth.example.com {', `http://127.0.0.1:${port} {\n\tbind 127.0.0.1`],
  ['keycloak:8080', upstream.host],
])}`,
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
    limits: false,
  },
];

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
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-front-'));
  let port: number;
  let stop: () => Promise<unknown>;
  const base = `${upstream.pathname.replace(/\/$/, '')}/realms/${realm.name}`;
  const post = (path: string, body: unknown) => send(port, 'POST', `${base}/${path}`, body);

  beforeAll(async () => {
    port = await freePort();
    const file = join(folder, 'front.conf');
    writeFileSync(file, front.config(port, folder));
    const { path, env } = front.program;
    const child = spawn(path, front.args(file, folder), {
      env: { ...process.env, ...env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let words = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (words += text));
    stop = () =>
      new Promise((resolve) => {
        child.on('close', resolve);
        child.kill('SIGTERM');
      });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (child.exitCode !== null) throw new Error(`${front.name} ended: ${words}`);
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(true));
        socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
      });
      if (open) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${front.name} does not answer: ${words}`);
  });
  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

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
    if (!front.limits) {
      expect(documented('caddy')).not.toContain('rate');
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
