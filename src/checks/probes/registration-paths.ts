import type { Exchange } from '../exchange.ts';
import type { Recorder } from '../recorder.ts';

/** The path where products register, the last part of Keycloak's registration endpoint (26.7.4). */
const PRODUCTS = '/openid-connect';

/**
 * Keycloak's other anonymous registration endpoints, and the status that each answers to a body that none can use. The
 * answer comes before any policy is asked: nothing is registered and no event is stored (26.4.0 and 26.7.4).
 */
const OTHERS: readonly { path: string; answers: number }[] = [
  { path: 'default', answers: 400 },
  { path: 'install', answers: 405 },
  { path: 'saml2-entity-descriptor', answers: 415 },
];

/** An endpoint that no product needs, and whether Keycloak itself answered there. */
export interface OtherPath {
  path: string;
  open: boolean;
  exchange: Exchange;
}

/** Asks the other registration endpoints; undefined where the advertised one is not Keycloak's own. */
export async function probeOtherPaths(
  recorder: Recorder,
  endpoint: string,
): Promise<OtherPath[] | undefined> {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(PRODUCTS)) return undefined;
  const base = url.pathname.slice(0, -PRODUCTS.length);
  return Promise.all(
    OTHERS.map(async ({ path, answers }) => {
      const asked = new URL(url);
      asked.pathname = `${base}/${path}`;
      const exchange = await recorder.send(asked.href, {
        method: 'POST',
        to: 'keycloak',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: '{"mcpkc":"probe"}',
      });
      return { path, open: exchange.status === answers, exchange };
    }),
  );
}
