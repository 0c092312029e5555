import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../examples/mcp-host/host.ts';
import { type Account, accountIn } from '../support/cli.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { audience, register, startOnboard, storeEvents } from '../support/onboarding.ts';

const realm = await useRealm('attack-m6');
const SCOPE = 'mcp-resource-m6';
let account: Account;
let user: RealmUser;
let accomplice: RealmUser;
let host: RunningHost;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser({ username: 'ann' });
  accomplice = await realm.createUser({ username: 'mallory' });
  await storeEvents(realm);
  host = await startHost((origin) => readConfig({ MCP_PUBLIC_BASE_URL: origin, OIDC_ISSUER: realm.issuer }), {
    log: () => {},
  });
});
afterAll(() => host?.stop());

const start = (...args: string[]) =>
  startOnboard(
    [
      host.url,
      '--scope',
      SCOPE,
      '--preset',
      'chatgpt',
      '--until',
      'connected',
      '--timeout',
      '60s',
      '--json',
      ...args,
    ],
    {
      env: { ...account.env, MCPKC_ALLOW_HTTP: 'true' },
      clock: 'real',
    },
  );

it('six alike, the first the attacker’s: the one that signs in keeps the audience, all others lose it and are named', async () => {
  const { opened, done } = start();
  await opened;
  const others: string[] = [];
  for (let at = 0; at < 5; at++) others.push(await register(realm));
  const connector = new Connector(host.url);
  await connector.connect(user);
  const { json } = await done;
  const clientId = connector.client?.clientId;
  expect(json).toMatchObject({ ok: true, client: { clientId } });
  expect((json.others as { clientId: string }[]).map((one) => one.clientId).toSorted()).toEqual(
    others.toSorted(),
  );
  for (const id of others) expect(await audience(realm, id, String(json.scope))).toBe('none');
  const events = (json.timeline as { event: string }[]).map(({ event }) => event).join('\n');
  for (const id of others) expect(events).toContain(`(${id}), from 127.0.0.1`);
});

it('an accomplice in the realm signs in with the attacker’s: with --user that counts for nothing', async () => {
  const { opened, done } = start('--user', 'ann');
  await opened;
  const attacker = new Connector(host.url);
  await attacker.connect(accomplice);
  const connector = new Connector(host.url);
  await connector.connect(user);
  const { json } = await done;
  expect(json).toMatchObject({ ok: true, client: { clientId: connector.client?.clientId } });
  expect(await audience(realm, attacker.client?.clientId ?? '', String(json.scope))).toBe('none');
});

it('without --user two that are signed in with are nobody’s: exit 5, and neither has the audience', async () => {
  // The run looks again only when both are signed in with.
  let release = () => {};
  let gate: Promise<void> | undefined;
  const { opened, done, io } = startOnboard(
    [host.url, '--scope', SCOPE, '--preset', 'chatgpt', '--until', 'connected', '--timeout', '60s', '--json'],
    {
      env: { ...account.env, MCPKC_ALLOW_HTTP: 'true' },
      clock: 'real',
      prepare: (made) => {
        const { sleep } = made;
        made.sleep = async (ms, signal) => {
          await gate;
          await sleep(ms, signal);
        };
      },
    },
  );
  await opened;
  const attacker = new Connector(host.url);
  await attacker.register();
  const connector = new Connector(host.url);
  await connector.register();
  const held = () => io.err().replace(/\s+/g, ' ').split('for the time being').length - 1;
  while (held() < 2) await new Promise((go) => setTimeout(go, 50));
  gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  await Promise.all([attacker.connect(accomplice), connector.connect(user)]);
  release();
  const { exit, json } = await done;
  expect({ exit, code: json.code }).toEqual({ exit: 5, code: 'SEVERAL_NEWCOMERS' });
  const { clients } = json.details as { clients: { clientId: string }[] };
  expect(clients).toHaveLength(2);
  for (const { clientId } of clients) expect(await audience(realm, clientId, SCOPE)).toBe('none');
});
