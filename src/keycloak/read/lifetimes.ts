import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';

/** Lifetimes of a realm's sessions and tokens, in seconds (realm settings, Keycloak 26.7). */
export interface Lifetimes {
  /** Without a refresh, and at most. */
  idle: number;
  max: number;
  /** The same of offline sessions; `offlineMax` is undefined where they have no end. */
  offlineIdle: number;
  offlineMax: number | undefined;
  /** Whether each refresh returns a new refresh token, and how often an old one may be used again. */
  rotates: boolean;
  reuse: number;
}

const SETTINGS: Attempt = { what: 'read how long sessions last', role: 'view-realm' };

/** Reads the realm's settings for sessions and tokens. */
export async function readLifetimes(keycloak: Keycloak): Promise<Lifetimes> {
  const { realm } = keycloak;
  const found = await keycloak.read(SETTINGS, (admin) => admin.realms.findOne({ realm }));
  return {
    idle: Number(found?.ssoSessionIdleTimeout ?? 1800),
    max: Number(found?.ssoSessionMaxLifespan ?? 36_000),
    offlineIdle: Number(found?.offlineSessionIdleTimeout ?? 2_592_000),
    offlineMax:
      found?.offlineSessionMaxLifespanEnabled === true ? Number(found.offlineSessionMaxLifespan) : undefined,
    rotates: found?.revokeRefreshToken === true,
    reuse: Number(found?.refreshTokenMaxReuse ?? 0),
  };
}
