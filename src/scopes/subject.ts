import type { Preset } from '../clients/preset.ts';
import type { Config } from '../config/load.ts';
import type { Keycloak } from '../keycloak/connect.ts';
import type { RealmSnapshot } from '../keycloak/snapshot.ts';
import type { Mode, RealmList } from '../provision/desired.ts';

/** What a command knows once its flags are read: products, resource, scope, and the realm as it is. */
export interface Subject {
  config: Config;
  keycloak: Keycloak;
  presets: Preset[];
  resource: string;
  scope: string;
  mode: Mode;
  list: RealmList;
  snapshot: RealmSnapshot;
}
