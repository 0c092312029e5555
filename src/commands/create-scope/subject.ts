import type { Config } from '../../config/load.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import type { Preset } from '../../products/preset.ts';
import type { RealmList } from '../../realm/lists.ts';
import type { Mode } from '../../realm/marks.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';

/** What a command knows once its flags are read: products, resource, scope, and the realm as it is. */
export interface Subject {
  config: Config;
  keycloak: Keycloak;
  presets: Preset[];
  resource: string;
  /** The scope that clients name. */
  scope: string;
  /** The hidden one: in adopted mode, or left from it. */
  audienceScope: string | undefined;
  mode: Mode;
  list: RealmList;
  snapshot: RealmSnapshot;
}
