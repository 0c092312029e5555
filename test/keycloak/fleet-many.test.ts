import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { stateOf } from '../faults/state.ts';
import { accountIn, expectCli, runCli, spawnCli } from '../support/cli.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { addClient, addScope } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

/** How many realms, servers in each, and kills; fewer for a quick look. */
const REALMS = Number(process.env.MCPKC_FLEET_REALMS ?? 50);
const SERVERS = 5;
const KILLS = Number(process.env.MCPKC_FLEET_KILLS ?? 50);

const folder = mkdtempSync(join(tmpdir(), 'mcpkc-fleet-'));
const made: Realm[] = [];
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const realm of made) await realm.remove();
}, 600_000);

/** A realm with things in it that are nobody's business, and the profile that names it. */
async function stage(name: string): Promise<{ realm: Realm; env: Record<string, string> }> {
  const realm = await createRealm(inject('keycloak'), `fleet-${name}`);
  made.push(realm);
  const { env } = await accountIn(realm);
  await addScope(realm, 'foreign-scope', {}, 'https://elsewhere.example.com/mcp');
  await addClient(realm, 'foreign-client', { attributes: { 'their.own': 'yes' } });
  const prefix = `MCPKC_PROFILE_${name.toUpperCase()}_`;
  return {
    realm,
    env: Object.fromEntries(Object.entries(env).map(([key, value]) => [`${prefix}${key}`, value])),
  };
}

const serverText = (realm: number, server: number) =>
  `      - resource: https://s${server}.r${realm}.example.com/mcp\n${
    [
      '        mode: standing\n        access: anybody\n        products: [chatgpt]\n',
      '        roles: [finance]\n        products: [{ preset: claude, by: client }]\n',
      '        roles: []\n',
      '        access: anybody\n        products: [{ preset: chatgpt, by: document }]\n',
      '        access: anybody\n        products: [vscode]\n',
    ][server % 5]
  }`;

const fileOf = (names: readonly string[], servers = SERVERS) =>
  `realms:\n${names
    .map(
      (name, at) =>
        `  - profile: ${name}\n    servers:\n${Array.from({ length: servers }, (_, server) => serverText(at, server)).join('')}`,
    )
    .join('')}`;

/** What of a realm is not the file's, to the byte. */
async function foreignIn({ realm }: { realm: Realm }): Promise<string> {
  const { clientScopes, clients, realmRoles, eventsConfig, components } = await realm.snapshot();
  const others = clients.filter(({ clientId }) => !/^mcp-|^mcpkc|^https:/.test(String(clientId)));
  const policies = ['Trusted Hosts', 'Allowed Client Scopes', 'Allowed Protocol Mapper Types'];
  return JSON.stringify([
    clientScopes.filter(({ name }) => !/^mcp-/.test(String(name))),
    others,
    realmRoles.filter(({ name }) => !/^mcpkc-|^finance$/.test(String(name))),
    eventsConfig,
    components.filter(({ name }) => !policies.includes(String(name))),
  ]);
}

/** A realm's state without what is chosen at random, and without what is written by the clock. */
async function shapeOf({ realm }: { realm: Realm }): Promise<Record<string, string>> {
  const state = stateOf(await realm.snapshot(), realm.name);
  const plain = (text: string) => text.replaceAll(/(?<=mcp-audience-[^"\s]*)[0-9a-f]{32}/g, '*');
  const all = [...state]
    // The record tells when and how often; what it remembers is proved by the plan.
    .filter(([key]) => !/mcpkc-record|mcpkc-lock/.test(key))
    .map(
      ([key, text]) =>
        [plain(key), plain(text).replaceAll(/"mcpkc\.made":"[^"]*"/g, '"mcpkc.made":"*"')] as const,
    );
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

describe(`${REALMS} realms with ${SERVERS} servers each, from one file`, () => {
  it('apply, then plan: empty; foreign things to the byte; requests are a fixed number a realm', async () => {
    const names = Array.from({ length: REALMS }, (_, at) => `many${at}`);
    const stages = [];
    for (const name of names) stages.push(await stage(name));
    const before = await Promise.all(stages.map(foreignIn));
    const proxy = await startReverseProxy(inject('keycloak').url);
    const env = Object.assign({}, ...stages.map((one) => one.env)) as Record<string, string>;
    for (const key of Object.keys(env)) if (key.endsWith('_KC_SERVER')) env[key] = proxy.url;
    const files = { 'mcpkc.yaml': fileOf(names) };
    const first = performance.now();
    await expectCli(0, ['apply', '--json'], { env, files });
    const second = performance.now();
    const requests = proxy.requests.length;
    proxy.requests.length = 0;
    const plan = await expectCli(0, ['plan', '--json'], { env, files });
    const third = performance.now();
    for (const one of plan.json.realms as { changes: unknown[] }[]) expect(one.changes).toEqual([]);
    process.stdout.write(
      `${REALMS} realms: apply ${Math.round(second - first)} ms, ${requests} requests; plan ${Math.round(third - second)} ms, ${proxy.requests.length} requests\n`,
    );
    // What the server can do is asked once a run.
    const perRealm = (proxy.requests.length - 1) / REALMS;
    expect(Number.isInteger(perRealm)).toBe(true);
    expect(await Promise.all(stages.map(foreignIn))).toEqual(before);
    // One server or five: as many requests, but for clients that are made under a name of their own.
    proxy.requests.length = 0;
    await expectCli(0, ['plan', '--json'], { env, files: { 'mcpkc.yaml': fileOf(names.slice(0, 1), 1) } });
    expect(Math.abs(proxy.requests.length - 1 - perRealm)).toBeLessThanOrEqual(2);
  }, 3_600_000);
});

describe('a run that is killed', () => {
  it(`at ${KILLS} random moments: the next one ends in the realm of an undisturbed one`, async () => {
    const good = await stage('undisturbed');
    const file = join(folder, 'kill.yaml');
    const argv = ['apply', '-f', file];
    writeFileSync(file, fileOf(['undisturbed']));
    const began = performance.now();
    await spawnCli(argv, good.env).done;
    const took = performance.now() - began;
    const wanted = await shapeOf(good);
    let cut = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const one = await stage(`kill${kill}`);
      const own = join(folder, `kill${kill}.yaml`);
      writeFileSync(own, fileOf([`kill${kill}`]));
      const run = spawnCli(['apply', '-f', own], one.env);
      await sleep(Math.random() * took);
      run.kill('SIGKILL');
      const { exit } = await run.done;
      if (exit !== 0) cut += 1;
      // In the meantime another plan may be shown; what it says is never more than the file wants.
      const after = await spawnCli(['apply', '-f', own], one.env).done;
      expect(after.exit, after.err).toBe(0);
      expect(await shapeOf(one), `kill ${kill}`).toEqual(wanted);
      await expectCli(0, ['plan', '--json'], {
        env: one.env,
        files: { 'mcpkc.yaml': fileOf([`kill${kill}`]) },
      });
      await one.realm.remove();
    }
    process.stdout.write(
      `${KILLS} kills, ${cut} of them before the end of a run of ${Math.round(took)} ms\n`,
    );
  }, 7_200_000);
});

describe('a file in two steps', () => {
  it('ends in the realm of one: first the servers alone, then their clients, as after a kill in between', async () => {
    const [once, twice] = [await stage('once'), await stage('twice')];
    const run = (one: typeof once, text: string) =>
      expectCli(0, ['apply', '--json'], { env: one.env, files: { 'mcpkc.yaml': text } });
    await run(once, fileOf(['once']));
    await run(twice, fileOf(['twice']).replaceAll(/\n +products: .*/g, ''));
    await run(twice, fileOf(['twice']));
    expect(await shapeOf(twice)).toEqual(await shapeOf(once));
  }, 300_000);
});

describe('two at once', () => {
  it('lose nothing: each has its own file of one realm', async () => {
    const both = await stage('both');
    const [all] = [fileOf(['both'])];
    const half = (text: string, wanted: (at: number) => boolean) => {
      const [head = '', ...servers] = text.split(/(?= {6}- resource)/);
      return head + servers.filter((_one, at) => wanted(at)).join('');
    };
    const files = [half(all, (at) => at < 3), half(all, (at) => at >= 2)];
    const runs = await Promise.all(
      files.map((text, at) => {
        const own = join(folder, `both${at}.yaml`);
        writeFileSync(own, text);
        return spawnCli(['apply', '-f', own, '--json'], both.env).done;
      }),
    );
    for (const [at, text] of files.entries()) {
      // One of them may have been overtaken: it says so, and the next run does the rest.
      expect([0, 5], runs[at]?.err).toContain(runs[at]?.exit);
      await expectCli(0, ['apply', '--json'], { env: both.env, files: { 'mcpkc.yaml': text } });
    }
    await expectCli(0, ['plan', '--json'], { env: both.env, files: { 'mcpkc.yaml': all } });
  }, 300_000);
});

describe('a pull request of a stranger', () => {
  it('gets no secret out, whatever field it changes', async () => {
    const one = await stage('fork');
    const secret = one.env.MCPKC_PROFILE_FORK_KC_CLIENT_SECRET ?? '';
    const heard: string[] = [];
    const stranger = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const evil = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    const tries: [what: string, text: string, files?: Record<string, string>][] = [
      ['server', `realms: [{ profile: fork, server: ${evil} }]`],
      ['realm', `realms: [{ profile: fork, realm: master }]`],
      ['profile', `realms: [{ profile: ../fork }]`],
      ['profile of a path', `realms: [{ profile: ${evil} }]`],
      ['resource', `realms: [{ profile: fork, servers: [{ resource: ${evil}/mcp }] }]`],
      ['retired', `realms: [{ profile: fork, retired: [${evil}/mcp] }]`],
      ['scope', `realms: [{ profile: fork, servers: [{ resource: https://a.example.com/mcp, scope: x }] }]`],
      ['$schema', `$schema: ${evil}/schema.json\nrealms: [{ profile: fork }]`],
      [
        'redirectUris',
        `realms: [{ profile: fork, servers: [{ resource: https://a.example.com/mcp, products: [{ by: client, clientId: x, redirectUris: ['${evil}/cb'] }] }] }]`,
      ],
      [
        'a document',
        `realms: [{ profile: fork, servers: [{ resource: https://a.example.com/mcp, products: [{ preset: chatgpt, by: document, clientId: '${evil}/doc.json' }] }] }]`,
      ],
      [
        'roles',
        `realms: [{ profile: fork, servers: [{ resource: https://a.example.com/mcp, roles: ['${evil}'] }] }]`,
      ],
      // Files that a checkout brings along are not read where a profile is named.
      [
        'files of the folder',
        'realms: [{ profile: fork }]',
        {
          'config.local.json': JSON.stringify({ KC_SERVER: evil, KC_HOSTNAME: evil, KC_ISSUER: evil }),
          '.keycloak-env': `KC_SERVER=${evil}\nKC_CLIENT_SECRET=x\n`,
        },
      ],
      [
        'no profile, files of the folder',
        'realms: [{ servers: [] }]',
        {
          'config.local.json': JSON.stringify({ KC_SERVER: evil, KC_REALM: 'r', KC_CLIENT_ID: 'x' }),
        },
      ],
    ];
    for (const [what, text, files = {}] of tries) {
      for (const argv of [
        ['plan', '--json'],
        ['plan', '--markdown'],
        ['plan', '--offline'],
        ['plan', '--prune'],
      ]) {
        const ran = await runCli(argv, { env: { ...one.env }, files: { ...files, 'mcpkc.yaml': text } });
        expect([0, 1, 2, 3, 5], `${what}: ${ran.err}`).toContain(ran.exit);
        expect(ran.out + ran.err, what).not.toContain(secret);
      }
    }
    stranger.close();
    expect(heard).toEqual([]);
  }, 300_000);
});
