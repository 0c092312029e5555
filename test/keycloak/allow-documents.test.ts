import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PRESETS } from '../../src/products/index.ts';
import type { RunningKeycloak } from '../../tools/keycloak/server.ts';
import { type ProductDocument, replay } from '../products/replay.ts';
import { makeCertificates } from '../support/certificates.ts';
import { accountIn, expectCli, runCli } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { keycloakWithDocuments } from '../support/keycloak/with-documents.ts';
import { login, refresh } from '../support/login.ts';

vi.setConfig({ testTimeout: 300_000 });

/* Products known by their documents, on a server that advertises documents. */

const SCOPE = 'mcp-resource-svc';
const PRODUCTS = PRESETS.filter(({ cimdUrl }) => cimdUrl !== undefined);
const HOME = mkdtempSync(join(tmpdir(), 'mcpkc-allow-'));
const urlOf = (name: string) => PRODUCTS.find((one) => one.name === name)?.cimdUrl ?? '';

let server: RunningKeycloak;
let realm: Realm;
let user: RealmUser;
let host: GoodHost;
let env: Record<string, string>;

beforeAll(async () => {
  server = await keycloakWithDocuments();
  realm = await createRealm(server, 'documents');
  user = await realm.createUser();
  host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  env = { ...(await accountIn(realm)).env, HOME };
}, 300_000);
afterAll(async () => {
  await host?.stop();
  await realm?.remove();
  if (server?.owned) await server.stop();
  rmSync(HOME, { recursive: true, force: true });
});

/** A signature by a key of its own, as a product with a key in its document sends it (RFC 7523 §2.2). */
async function assertion(clientId: string, issuer: string): Promise<Record<string, string>> {
  const { privateKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'its-own' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setJti(crypto.randomUUID())
    .setExpirationTime('1m')
    .sign(privateKey);
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token,
  };
}

/** What each sends: its redirect URI on a port of this run, or its own. */
type Sent = readonly [what: string, product: string, document: ProductDocument];
const SENDS: readonly [Sent, ...Sent[]] = [
  [
    'chatgpt, as none',
    'chatgpt',
    { url: urlOf('chatgpt'), redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect' },
  ],
  [
    'chatgpt, by private_key_jwt',
    'chatgpt',
    {
      url: urlOf('chatgpt'),
      redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
      proof: (issuer) => assertion(urlOf('chatgpt'), issuer),
    },
  ],
  ['claude', 'claude', { url: urlOf('claude'), redirectUri: 'https://claude.ai/api/mcp/auth_callback' }],
  [
    'claude-code',
    'claude-code',
    { url: urlOf('claude-code'), redirectUri: 'http://localhost:51234/callback' },
  ],
  ['vscode', 'vscode', { url: urlOf('vscode'), redirectUri: 'http://127.0.0.1:33418/' }],
  ['codex', 'codex', { url: urlOf('codex'), redirectUri: 'http://127.0.0.1:41235/callback' }],
];

/** What status finds of these kinds. */
async function found(
  ...args: string[]
): Promise<{ code: string; subject: string; fix: { kind: string; text: string } }[]> {
  const ran = await runCli(['status', '--resource', host.url, '--json', ...args], { env });
  return (
    ran.json.findings as { code: string; subject: string; fix: { kind: string; text: string } }[]
  ).filter(({ code }) => /DOCUMENT|FETCHED|ALLOWED_LOST/.test(code));
}

/** How `validate` and `status` tell that each of these products connects. */
async function told(exit: number, ...presets: string[]) {
  const named = ['--preset', presets.join(','), '--json'];
  const vars = { ...env, MCP_SCOPE_NAME: SCOPE };
  const [validated, status] = [
    await expectCli(exit, ['validate', host.url, ...named], { env: vars }),
    await runCli(['status', '--resource', host.url, ...named], { env: vars }),
  ];
  type Line = {
    preset: string;
    way: string;
    clientId: string | null;
    reason: string | null;
    verdict: string;
  };
  return {
    validate: validated.json.outlook as Line[],
    status: status.json.products as Line[],
  };
}

/** Puts client policies and profiles for documents into the realm, as an administrator does in the console. */
async function policies(
  all: readonly { name: string; hosts: string[]; executor?: Record<string, unknown> }[],
): Promise<void> {
  const profiles = all.flatMap(({ name, executor }) =>
    executor
      ? [{ name, executors: [{ executor: 'client-id-metadata-document', configuration: executor }] }]
      : [],
  );
  const named = all.map(({ name, hosts, executor }) => ({
    name,
    enabled: true,
    conditions: [
      {
        condition: 'client-id-uri',
        configuration: { 'client-id-uri-scheme': ['https'], 'client-id-uri-allow-permitted-domains': hosts },
      },
    ],
    profiles: executor ? [name] : [],
  }));
  const put = (part: string, body: unknown) => realm.admin.put(realm.path(`client-policies/${part}`), body);
  await put('policies', { policies: [] });
  await put('profiles', { profiles });
  await put('policies', { policies: named });
}

it('status says which product has no client for its document, and its fix makes one', async () => {
  const [none] = await found('--preset', 'vscode');
  expect(none).toMatchObject({ code: 'DOCUMENT_NOT_ALLOWED', subject: 'vscode', fix: { kind: 'command' } });
  const how = { clientId: urlOf('vscode'), redirectUri: 'http://127.0.0.1:33418/', authMethod: 'none', user };
  expect(await login(realm, how)).toMatchObject({ ok: false });
  const before = await told(1, 'vscode');
  expect(before.validate).toMatchObject([
    {
      way: 'none',
      verdict: 'fails',
      stage: 'authorization',
      reason: expect.stringContaining('AUTHZ-SCOPES'),
    },
  ]);
  expect(before.status).toMatchObject([
    { way: 'none', verdict: 'stopped', codes: expect.arrayContaining(['DOCUMENT_NOT_ALLOWED']) },
  ]);
  await expectCli(0, [...(none?.fix.text ?? '').split(' ').slice(1), '--scope', SCOPE], { env });
  expect(await found('--preset', 'vscode')).toEqual([]);
  expect(await login(realm, how)).toMatchObject({ ok: true, claims: { aud: host.url } });
});

it('from outside nobody knows which client there is: that is said, and no failure', async () => {
  const outsider = { env: { KC_ISSUER: realm.issuer, HOME } };
  const ran = await expectCli(0, ['validate', host.url, '--preset', 'vscode', '--json'], outsider);
  expect(ran.json.outlook).toMatchObject([
    { way: 'document', clientId: urlOf('vscode'), verdict: 'unknown' },
  ]);
});

it('by default each product that has a document is known by it', async () => {
  const names = PRODUCTS.map(({ name }) => name).join(',');
  const before = await realm.snapshot();
  const ran = await expectCli(0, ['allow', host.url, '--scope', SCOPE, '--preset', names, '--json'], { env });
  expect(ran.json).toMatchObject({
    ok: true,
    products: PRODUCTS.map(({ name, cimdUrl }) => ({
      product: name,
      way: 'document',
      clientId: cimdUrl,
      public: true,
      secretFile: null,
      audience: [host.url],
      connects: 'yes',
    })),
  });
  // Registration is as it was.
  const after = await realm.snapshot();
  expect(after.components).toEqual(before.components);
  expect(after.clientPolicies).toEqual(before.clientPolicies);
});

it('validate and status tell the same: each connects by its document, pinned, though nobody may register', async () => {
  const ways = PRODUCTS.map(({ name, cimdUrl }) => ({
    preset: name,
    way: 'document-pinned',
    clientId: cimdUrl,
  }));
  const { validate, status } = await told(0, ...PRODUCTS.map(({ name }) => name));
  expect(validate).toMatchObject(ways);
  expect(validate.map(({ verdict }) => verdict).filter((one) => !/^(works|expected)/.test(one))).toEqual([]);
  expect(status).toMatchObject(ways);
  expect(status.filter(({ verdict }) => verdict === 'stopped')).toEqual([]);
});

describe.each(SENDS)('%s', (_what, product, document) => {
  it('signs in without registering, and renews', async () => {
    const result = await replay(product, { user }, host, { document });
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result).toMatchObject({ opens: true, audiences: [host.url] });
    const how = { clientId: document.url, redirectUri: document.redirectUri, authMethod: 'none', user };
    const renewed = await refresh(realm, how, result.refreshToken ?? '');
    expect(renewed).toMatchObject({ ok: true, claims: { aud: host.url } });
  });

  it.each([
    'https://evil.example/cb',
    `${document.redirectUri}/more`,
    document.redirectUri.replace(/^(https?:\/\/)[^:/]+/, '$1evil.example'),
  ])('%s is refused', async (redirectUri) => {
    const how = { clientId: document.url, redirectUri, authMethod: 'none', user };
    expect(await login(realm, how)).toMatchObject({ ok: false });
  });
});

it('a sign-in without PKCE is refused', async () => {
  const [[, , { url, redirectUri }]] = SENDS;
  const how = { clientId: url, redirectUri, authMethod: 'none', user, pkce: 'none' as const };
  expect(await login(realm, how)).toMatchObject({
    ok: false,
    error: expect.stringContaining('invalid_request'),
  });
});

describe('another MCP server of the realm', () => {
  const OTHER = 'https://other.example.com/mcp';
  it('onboard gives it to the client that is there, says which servers its tokens open, and waits for nobody', async () => {
    const ran = await expectCli(
      0,
      ['onboard', OTHER, '--preset', 'claude', '--until', 'registered', '--timeout', '2s'],
      {
        env,
      },
    );
    expect(ran.err).toContain('Claude is known by its document here and doesn’t register');
    const listed = await expectCli(0, ['allow', '--list', '--json'], { env });
    expect(listed.json.allowed).toContainEqual(
      expect.objectContaining({ resource: OTHER, products: ['claude'] }),
    );
    const again = await expectCli(0, ['allow', OTHER, '--preset', 'claude', '--json'], { env });
    expect(again.json).toMatchObject({ changes: [], products: [{ alsoOpens: [host.url] }] });
  });

  it('--remove takes that audience alone, and the client stays', async () => {
    const ran = await expectCli(0, ['allow', OTHER, '--preset', 'claude', '--remove', '--yes', '--json'], {
      env,
    });
    expect(ran.json).toMatchObject({ removed: [{ clientId: urlOf('claude'), staysFor: [host.url] }] });
    const { url, redirectUri } = SENDS.find(([what]) => what === 'claude')?.[2] ?? {
      url: '',
      redirectUri: '',
    };
    const signedIn = await login(realm, { clientId: url, redirectUri, authMethod: 'none', user });
    expect(signedIn).toMatchObject({ ok: true, claims: { aud: host.url } });
  });
});

describe('a client that somebody else made of a document’s id', () => {
  it('is an error, and the printed fix makes it anew', async () => {
    const clientId = urlOf('codex');
    const [old] = await realm.admin.get<{ id: string }[]>(
      realm.path(`clients?clientId=${encodeURIComponent(clientId)}`),
    );
    await realm.admin.del(realm.path(`clients/${old?.id}`));
    await realm.admin.post(realm.path('clients'), { clientId, redirectUris: ['https://evil.example/cb'] });
    const [taken, ...rest] = await found('--preset', 'codex');
    expect(rest.map(({ code }) => code)).toEqual(['ALLOWED_LOST']);
    expect(taken).toMatchObject({ code: 'DOCUMENT_ID_TAKEN', subject: clientId, fix: { kind: 'command' } });
    await expectCli(0, [...(taken?.fix.text ?? '').split(' ').slice(1), '--scope', SCOPE], { env });
    expect(await found('--preset', 'codex')).toEqual([]);
  });
});

describe('client policies that fetch documents', () => {
  const FETCHES = { 'cimd-allow-permitted-domains': ['vscode.dev'] };
  it.each([
    ['that run no executor', [{ name: 'a', hosts: ['vscode.dev'] }], ['DOCUMENT_POLICY_IN_VAIN']],
    ['that list nobody', [{ name: 'a', hosts: [], executor: FETCHES }], ['DOCUMENT_POLICY_IN_VAIN']],
    [
      'with a setting of a later release',
      [
        {
          name: 'a',
          hosts: ['vscode.dev'],
          executor: { ...FETCHES, 'cimd-resource-indicator-allow-list': ['x'] },
        },
      ],
      ['DOCUMENT_POLICY_IN_VAIN'],
    ],
    [
      'from hosts of anybody',
      [{ name: 'a', hosts: ['*.github.io'], executor: FETCHES }],
      ['DOCUMENT_HOSTS_TOO_WIDE'],
    ],
    [
      'two for one host',
      [
        { name: 'a', hosts: ['vscode.dev'], executor: FETCHES },
        { name: 'b', hosts: ['*.dev', 'vscode.dev'], executor: FETCHES },
      ],
      ['DOCUMENT_HOSTS_TOO_WIDE', 'DOCUMENT_POLICIES_CLASH'],
    ],
    ['that are as they should be', [{ name: 'a', hosts: ['vscode.dev'], executor: FETCHES }], []],
  ])('%s', async (_what, all, codes) => {
    await policies(all);
    expect((await found('--preset', 'vscode')).map(({ code }) => code).sort()).toEqual(codes);
    await policies([]);
  });

  it('don’t fetch what allow made; one that doesn’t permit its own host refuses it, and that is found', async () => {
    const [[, , { url, redirectUri }]] = SENDS;
    const signIn = () => login(realm, { clientId: url, redirectUri, authMethod: 'none', user });
    const hosts = ['chatgpt.com'];
    await policies([{ name: 'a', hosts, executor: { 'cimd-allow-permitted-domains': hosts } }]);
    expect(await signIn()).toMatchObject({ ok: true });
    await policies([{ name: 'a', hosts, executor: FETCHES }]);
    expect(await signIn()).toMatchObject({ ok: false, status: 400 });
    // ChatGPT's and Codex's documents are at that host.
    const refused = { code: 'DOCUMENT_POLICY_IN_VAIN', subject: 'a' };
    expect(await found('--preset', 'chatgpt')).toMatchObject([refused, refused]);
    const { validate, status } = await told(1, 'chatgpt');
    expect(validate).toMatchObject([{ way: 'none', verdict: 'fails', stage: 'authorization' }]);
    expect(status).toMatchObject([
      { way: 'none', reason: expect.stringContaining("client policy 'a' refuses") },
    ]);
    const ran = await expectCli(1, ['allow', host.url, '--preset', 'chatgpt', '--json'], { env });
    expect(ran.json).toMatchObject({ products: [{ connects: 'no' }] });
    await policies([]);
  });
});

describe('a document that a policy of others fetches', () => {
  it('is told as that, by both, and that it was not tried', async () => {
    const hosts = ['vscode.dev'];
    await expectCli(0, ['allow', host.url, '--scope', SCOPE, '--preset', 'vscode', '--remove', '--yes'], {
      env,
    });
    await policies([{ name: 'docs', hosts, executor: { 'cimd-allow-permitted-domains': hosts } }]);
    const reason = expect.stringContaining("the client policy 'docs', which others made");
    const { validate, status } = await told(0, 'vscode');
    expect(validate).toMatchObject([
      { way: 'document-fetched', clientId: urlOf('vscode'), reason, verdict: 'unknown' },
    ]);
    expect(status).toMatchObject([{ way: 'document-fetched', reason }]);
    await policies([]);
  });
});

describe('status --check-documents', () => {
  it('reads a document over TLS and names the redirect URI that the client lacks', async () => {
    const { ca, good } = makeCertificates();
    const lists = ['https://agent.example.com/cb', 'https://agent.example.com/new'];
    const documents = createServer(good, (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ client_id: 'x', redirect_uris: lists }));
    });
    await new Promise<void>((resolve) => documents.listen(0, '127.0.0.1', resolve));
    const document = `https://127.0.0.1:${(documents.address() as AddressInfo).port}/agent.json`;
    const files = {
      'ca.pem': ca,
      'config.local.json': JSON.stringify({
        presets: [{ name: 'agent', redirectUris: ['https://agent.example.com/cb'], document }],
      }),
    };
    const how = { env: { ...env, MCPKC_CA_FILE: 'ca.pem' }, files };
    try {
      await expectCli(0, ['allow', host.url, '--preset', 'agent', '--json'], how);
      const ran = await runCli(
        ['status', '--resource', host.url, '--preset', 'agent', '--check-documents', '--json'],
        how,
      );
      expect(ran.json.findings).toContainEqual(
        expect.objectContaining({
          code: 'DOCUMENT_DIFFERS',
          subject: document,
          message: `The client ${document} lacks https://agent.example.com/new, which the document lists.`,
        }),
      );
    } finally {
      documents.close();
    }
  });
});
