/** Realms and servers that products are put before, good ones and broken ones. */
import { STANDING, type Staging } from './stage.ts';

/** What a product is recorded with. */
export const RECORDED_STAGINGS = {
  named: STANDING,
  silent: { ...STANDING, names: 'nothing' },
  split: { ...STANDING, names: 'split', offlineAccess: 'hidden' },
} as const satisfies Record<string, Staging>;

/** Registering gives a client without audience, and nobody gives it one: its token is refused. */
export const NOBODY_ADOPTS: Staging = { ...STANDING, scope: 'name-only' };

/** Where real product and replay have to come to the same end. */
export const SITUATIONS: Readonly<Record<string, Staging>> = {
  'standing, the server names its scope': STANDING,
  'standing, the server is silent': RECORDED_STAGINGS.silent,
  'metadata lists one more scope, offline_access is not advertised': RECORDED_STAGINGS.split,
  'optional scope, the server is silent': { ...STANDING, scope: 'optional', names: 'nothing' },
  'no host is trusted': { ...STANDING, trustedHosts: [] },
  'offline_access is advertised, and no client may have it': { ...STANDING, offlineAccess: 'refused' },
  'the user lacks the role offline_access': { ...STANDING, offlineAccess: 'no-role' },
  'service_account is advertised, and no client may have it': {
    ...STANDING,
    names: 'nothing',
    hideUnattached: false,
  },
  'adopted mode, and nobody adopts': NOBODY_ADOPTS,
  'the metadata’s resource is the origin': { ...STANDING, resource: 'origin' },
};
