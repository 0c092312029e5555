import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';

/** Lifetimes of a realm's sessions and tokens, in seconds (realm settings, Sessions and Tokens; Keycloak 26.7). */
export interface Lifetimes {
  accessToken: number;
  /** Of access tokens by the implicit flow. */
  implicitToken: number;
  /** Without a refresh, and at most. */
  sessionIdle: number;
  sessionMax: number;
  /** The same of offline sessions; `offlineMax` is undefined where they have no limit but their idle time. */
  offlineIdle: number;
  offlineMax: number | undefined;
}

/** Rules about refresh tokens: whether each refresh returns a new one, and how often an old one may be used again. */
export interface Refreshing {
  rotates: boolean;
  reuse: number;
}

const SETTINGS: Attempt = { what: 'read how long sessions last', role: 'view-realm' };

/** Reads the realm's settings for sessions and tokens. */
export async function readLifetimes(
  keycloak: Keycloak,
): Promise<{ lifetimes: Lifetimes; refreshing: Refreshing }> {
  const { realm } = keycloak;
  const found = await keycloak.read(SETTINGS, (admin) => admin.realms.findOne({ realm }));
  return {
    lifetimes: {
      accessToken: Number(found?.accessTokenLifespan ?? 300),
      implicitToken: Number(found?.accessTokenLifespanForImplicitFlow ?? 900),
      sessionIdle: Number(found?.ssoSessionIdleTimeout ?? 1800),
      sessionMax: Number(found?.ssoSessionMaxLifespan ?? 36_000),
      offlineIdle: Number(found?.offlineSessionIdleTimeout ?? 2_592_000),
      offlineMax:
        found?.offlineSessionMaxLifespanEnabled === true
          ? Number(found.offlineSessionMaxLifespan)
          : undefined,
    },
    refreshing: {
      rotates: found?.revokeRefreshToken === true,
      reuse: Number(found?.refreshTokenMaxReuse ?? 0),
    },
  };
}
