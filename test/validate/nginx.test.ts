import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../tools/keycloak/ports.ts';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { makeCertificates } from '../support/certificates.ts';
import { accountIn } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { createRealm } from '../support/keycloak/realm.ts';
import { startNginx } from '../support/nginx.ts';
import { newStage, retarget, type Stage, type Validated, validateRun } from './stage.ts';

const running: { stop(): Promise<void> }[] = [];
const kept = async <T extends { stop(): Promise<void> }>(started: Promise<T>): Promise<T> => {
  const one = await started;
  running.push(one);
  return one;
};
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** What an operator writes to pass everything on. */
const passing = (upstream: string, ...headers: string[]) =>
  `location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_buffering off; proxy_set_header Connection ""; ${headers
    .map((header) => `proxy_set_header ${header};`)
    .join(' ')} }`;

const HOST = 'Host $http_host';

function told(run: Validated, id: string): string {
  const { message, cause, fix } = run.check(id);
  return `${message} ${cause} ${fix}`;
}

describe('nginx in front of the MCP server', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await newStage('nginx-host');
    await stage.provision('https://mcp.example.com/mcp');
  });
  afterAll(() => stage.remove());

  async function hostBehind(knows: boolean): Promise<string> {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const host: GoodHost = await kept(
      startGoodHost(stage.setup, knows ? { MCP_PUBLIC_BASE_URL: origin } : {}),
    );
    await kept(startNginx(() => passing(host.origin, HOST), { port }));
    await retarget(stage, `${origin}/mcp`);
    return `${origin}/mcp`;
  }

  it('all is well where the MCP server knows its public URL', async () => {
    const run = await stage.validate(await hostBehind(true));
    expect(run.ids('fail')).toEqual(['TOK-USERLESS']);
    expect(run.exit).toBe(0);
  });

  it('an MCP server that doesn’t know its public URL is told so', async () => {
    const run = await stage.validate(await hostBehind(false));
    expect(run.ids('fail')).toEqual(expect.arrayContaining(['CHAL-HEADER', 'PRM-RESOURCE']));
    expect(told(run, 'CHAL-HEADER')).toMatch(/another origin.*public URL/s);
    expect(told(run, 'PRM-RESOURCE')).toMatch(/another host/);
  });

  it('nothing behind it is a 502', async () => {
    const nginx = await kept(startNginx(() => passing('http://127.0.0.1:9')));
    const run = await stage.validate(`http://127.0.0.1:${nginx.port}/mcp`);
    expect(told(run, 'CHAL-401')).toMatch(/502.*proxy in front/s);
    expect(run.exit).toBe(1);
  });
});

describe('nginx in front of Keycloak', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await newStage('nginx-keycloak');
    await stage.provision('https://mcp.example.com/mcp');
  });
  afterAll(() => stage.remove());

  async function runBehind(...headers: string[]): Promise<Validated> {
    const { origin } = new URL(inject('keycloak').url);
    const nginx = await kept(startNginx(() => passing(origin, ...headers)));
    const server = `http://127.0.0.1:${nginx.port}/auth`;
    const issuer = `${server}/realms/${stage.realm.name}`;
    const host = await kept(startGoodHost({ ...stage.setup, issuer }));
    await retarget(stage, host.url);
    return stage.validate(host.url, [], { KC_ISSUER: issuer });
  }

  it('that keeps Host: the issuer is the public one', async () => {
    const run = await runBehind(HOST);
    expect(run.ids('fail')).toEqual(['TOK-USERLESS']);
    expect(run.exit).toBe(0);
  });

  it('that drops Host: the metadata names the internal address', async () => {
    const run = await runBehind();
    expect(run.ids('fail')).toEqual(expect.arrayContaining(['ASM-ISSUER', 'ASM-ENDPOINTS']));
    expect(told(run, 'ASM-ISSUER')).toMatch(/--hostname/);
    expect(told(run, 'ASM-ENDPOINTS')).toMatch(/is on 127\.0\.0\.1.*public hostname/s);
    expect(run.exit).toBe(1);
  });
});

describe('nginx that ends TLS in front of a Keycloak of its own', () => {
  const certificates = makeCertificates();
  const tls = { certificate: certificates.good.cert, key: certificates.good.key };
  let keycloak: RunningKeycloak;
  afterEach(async () => {
    await keycloak.stop();
  });

  /** The whole deployment on loopback: TLS at nginx for Keycloak, and an MCP server that trusts it not (it needs no token). */
  async function run(extraArgs: (port: number) => string[], ...headers: string[]): Promise<Validated> {
    const port = await freePort();
    keycloak = await startKeycloak({ extraArgs: extraArgs(port) });
    const { origin } = new URL(keycloak.url);
    await kept(startNginx(() => passing(origin, ...headers), { tls, port }));
    const realm = await createRealm(keycloak, 'tls');
    await accountIn(realm);
    const issuer = `https://127.0.0.1:${port}/auth/realms/${realm.name}`;
    const host = await kept(startGoodHost({ issuer, scope: 'mcp-resource' }));
    const args = [host.url, '--outside', '--no-registration', '--only', 'ASM,PRM', '--ca-file', 'ca.pem'];
    return validateRun(args, { KC_ISSUER: issuer }, (io) => {
      io.disk.set('/here/ca.pem', { text: certificates.ca, mode: 0o644 });
    });
  }

  const FORWARDED = [
    'X-Forwarded-Proto https',
    'X-Forwarded-Host $http_host',
    'X-Forwarded-For $remote_addr',
  ];

  it('forwarded headers that say how it was reached: all is well', async () => {
    const found = await run(() => ['--proxy-headers=xforwarded'], HOST, ...FORWARDED);
    expect(found.ids('fail')).toEqual([]);
    expect(found.exit).toBe(0);
  });

  it('no X-Forwarded-Proto: the issuer has another scheme', async () => {
    const found = await run(() => ['--proxy-headers=xforwarded'], HOST);
    expect(found.ids('fail')).toEqual(expect.arrayContaining(['ASM-ISSUER', 'ASM-ENDPOINTS']));
    expect(told(found, 'ASM-ISSUER')).toMatch(/names http:.*not https:.*--hostname/s);
    expect(told(found, 'ASM-ENDPOINTS')).toMatch(/X-Forwarded-Proto/);
  });

  it('a hostname without the relative path: the issuer lacks /auth', async () => {
    const found = await run(
      (port) => [`--hostname=https://127.0.0.1:${port}`, '--proxy-headers=xforwarded'],
      HOST,
      ...FORWARDED,
    );
    expect(found.ids('fail')).toContain('ASM-ISSUER');
    expect(told(found, 'ASM-ISSUER')).toMatch(/\/auth/);
  });

  it('a fixed hostname needs no forwarded headers', async () => {
    const found = await run((port) => [`--hostname=https://127.0.0.1:${port}/auth`], HOST);
    expect(found.ids('fail')).toEqual([]);
  });
});
