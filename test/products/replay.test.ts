import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { provisionRealm, SCOPE, STANDING, type Staging } from './real/stage.ts';
import { recordedProducts, recordingOf, requestsOf } from './recording.ts';
import { replay } from './replay.ts';

/** A realm set up for a server that names its scope. */
async function stage(staging: Staging) {
  const realm = await createRealm(inject('keycloak'), 'replay');
  const host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  await provisionRealm(realm, host.url, staging);
  return { realm, host, user: await realm.createUser() };
}

describe('a standing realm', () => {
  let realm: Realm;
  let host: GoodHost;
  let user: RealmUser;

  beforeAll(async () => {
    ({ realm, host, user } = await stage(STANDING));
  });
  afterAll(async () => {
    await host?.stop();
    await realm?.remove();
  });

  it.each(recordedProducts())('%s gets a token for the server', async (product) => {
    const result = await replay(product, { user }, host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.audiences).toEqual([host.url]);
    expect(result.opens).toBe(true);
    expect(result.clients).toHaveLength(requestsOf(recordingOf(product).runs.named, 'registration').length);
  });
});

describe('a realm where registering gives no audience', () => {
  let realm: Realm;
  let host: GoodHost;
  let user: RealmUser;

  beforeAll(async () => {
    ({ realm, host, user } = await stage({ ...STANDING, scope: 'name-only' }));
  });
  afterAll(async () => {
    await host?.stop();
    await realm?.remove();
  });

  it.each(recordedProducts())('%s gets a token that opens nothing', async (product) => {
    const result = await replay(product, { user }, host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.opens).toBe(false);
  });
});
