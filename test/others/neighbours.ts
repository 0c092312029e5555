import type { Realm, RealmUser } from '../support/keycloak/realm.ts';
import { login, userless } from '../support/login.ts';
import { addClient, clientIn } from '../support/realm-things.ts';
import { lasting } from './applications.ts';

const SPA = { clientId: 'their-spa', redirectUri: 'https://their.example.com/callback' } as const;
const JOB = { clientId: 'their-job', secret: 'a-secret-of-theirs' } as const;

/** Two applications of somebody's: one in the browser without PKCE, one that works without a user. */
export interface Neighbours {
  /** What each is and gets now. */
  uses(): Promise<Record<string, unknown>>;
}

/** Makes them; in a realm with a standing scope they would inherit it, so before there is one. */
export async function addNeighbours(realm: Realm, user: RealmUser): Promise<Neighbours> {
  await addClient(realm, SPA.clientId, { redirectUris: [SPA.redirectUri] });
  await addClient(realm, JOB.clientId, {
    publicClient: false,
    secret: JOB.secret,
    redirectUris: [],
    standardFlowEnabled: false,
    serviceAccountsEnabled: true,
  });
  return {
    async uses() {
      const [browser, job, ...clients] = await Promise.all([
        login(realm, { ...SPA, user, pkce: 'none' }),
        userless(realm, JOB.clientId, JOB.secret),
        clientIn(realm, SPA.clientId),
        clientIn(realm, JOB.clientId),
      ]);
      const got = (result: typeof browser | typeof job) => (result.ok ? lasting(result.claims) : result);
      return { browser: got(browser), job: got(job), clients };
    },
  };
}
