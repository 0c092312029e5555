import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli, until } from '../support/cli.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { audience, inRealTime, register, startOnboard, storeEvents } from '../support/onboarding.ts';
import { CHATGPT_BODY, clientIn, registerAnonymously } from '../support/realm-things.ts';
import { registerWhole, updateOwn, withToken } from '../support/strangers.ts';

const realm = await useRealm('attack-h8');
const RESOURCE = 'https://h8.example.com/mcp';
const SCOPE = 'mcp-resource-h8';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
  // So that a run waits soon.
  const provision = ['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt', '--attach', 'none'];
  await expectCli(0, provision, { env: account.env });
});

/** Uses a registration access token at the address that came with it. */
async function byToken(body: Representation, method: 'GET' | 'PUT', change?: Representation) {
  const response = await fetch(String(body.registration_client_uri), {
    method,
    headers: {
      authorization: `Bearer ${body.registration_access_token}`,
      'content-type': 'application/json',
    },
    ...(change === undefined
      ? {}
      : { body: JSON.stringify({ ...CHATGPT_BODY, client_id: body.client_id, ...change }) }),
  });
  const json = (await response.json().catch(() => ({}))) as Representation;
  return { status: response.status, json };
}

const onboard = () =>
  startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '30s', '--json'], {
    env: account.env,
    prepare: inRealTime,
  });

it('who changes his client all the time while it is adopted has no token afterwards, or no audience', async () => {
  const { opened, done } = onboard();
  await opened;
  const { status, body } = await registerAnonymously(realm, CHATGPT_BODY);
  expect(status).toBe(201);
  const clientId = String(body.client_id);
  let ended = false;
  const change = async () => {
    while (!ended) {
      const { status: answered, json } = await byToken(body, 'PUT', {});
      if (answered === 200) body.registration_access_token = json.registration_access_token;
      else await sleep(20);
    }
  };
  const changing = [change(), change(), change()];
  await done;
  ended = true;
  await Promise.all(changing);
  const has = await audience(realm, clientId, SCOPE);
  const { status: alive } = await byToken(body, 'GET');
  expect({ has, alive }).toEqual(has === 'adopted' ? { has, alive: 401 } : { has: 'none', alive });
});

it('who changes his client all the time while it is detached doesn’t get the scope back', async () => {
  const standing = 'https://h8-standing.example.com/mcp';
  const provision = ['create-scope', '--resource', standing, '--preset', 'chatgpt', '--yes'];
  await expectCli(0, provision, { env: account.env });
  const own = {
    redirectUris: CHATGPT_BODY.redirect_uris,
    defaultClientScopes: ['basic', 'mcp-resource-h8-standing'],
  };
  let registered = await registerWhole(realm, { clientId: 'a-stranger', ...own });
  expect(registered.status).toBe(201);
  let ended = false;
  const change = async () => {
    while (!ended) {
      const answer = await updateOwn(realm, registered, own);
      if (answer.status === 200) registered = { ...answer, body: { ...registered.body, ...answer.body } };
      else await sleep(20);
    }
  };
  const changing = [change(), change()];
  const detach = ['create-scope', '--resource', standing, '--no-existing', '--detach', 'a-stranger'];
  const { exit, err } = await runCli(detach, { env: account.env });
  await sleep(300);
  ended = true;
  await Promise.all(changing);
  const holds = (await clientIn(realm, 'a-stranger'))?.defaultClientScopes.includes(
    'mcp-resource-h8-standing',
  );
  const alive = await withToken(realm, registered, 'GET');
  // Who wins every round is said to, with what stops him.
  if (exit !== 0)
    expect({ exit, err }).toEqual({ exit: 3, err: expect.stringContaining('Disable or delete it') });
  else expect({ holds, alive }).toEqual({ holds: false, alive: 401 });
});

it('who draws a change out gets no audience, and keeps nobody else from it', async () => {
  let drawOut = false;
  let release = () => {};
  const released = new Promise<void>((go) => {
    release = go;
  });
  // Keycloak fetches it in the middle of a change, and waits for its end.
  const sector = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const uris = JSON.stringify(CHATGPT_BODY.redirect_uris);
    if (!drawOut) return void response.end(uris);
    const drip = setInterval(() => response.write(' '), 500);
    void released.then(() => {
      clearInterval(drip);
      response.end(uris);
    });
  });
  await new Promise<void>((go) => sector.listen(0, '127.0.0.1', go));
  const { port } = sector.address() as AddressInfo;
  try {
    const { opened, done, io } = onboard();
    await opened;
    const pairwise = { subject_type: 'pairwise', sector_identifier_uri: `http://127.0.0.1:${port}/uris` };
    const { status, body } = await registerAnonymously(realm, { ...CHATGPT_BODY, ...pairwise });
    expect(status).toBe(201);
    drawOut = true;
    const changing = byToken(body, 'PUT', { ...pairwise, client_name: 'ChatGPT ' });
    const connector = await register(realm);
    await until('the connector has the audience', () => io.err().includes(connector));
    expect(await audience(realm, connector, SCOPE)).toBe('adopted');
    expect(await audience(realm, String(body.client_id), SCOPE)).toBe('none');
    release();
    await changing;
    await done;
  } finally {
    release();
    sector.closeAllConnections();
    sector.close();
  }
});
