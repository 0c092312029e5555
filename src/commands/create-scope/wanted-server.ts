import type { Config } from '../../config/load.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import type { AccessFacts, AccessPlan } from '../../plan/access.ts';
import type { RegistrationChoice } from '../../plan/registration.ts';
import type { Preset } from '../../products/preset.ts';
import type { NamedServer } from '../../realm/mcp-server.ts';
import type { RealmRecord } from '../../realm/record.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';

/**
 * The facts that a command knows once its flags are read: the MCP server as it is wanted, products, and the realm as it
 * is.
 */
export interface WantedServer extends NamedServer {
  config: Config;
  keycloak: Keycloak;
  presets: Preset[];
  /** The wish about registration. */
  registration: RegistrationChoice;
  snapshot: RealmSnapshot;
  /** As it was before this run wrote anything. */
  record: RealmRecord;
  /** The people who may use the server: as it is, and as it will be. */
  facts: AccessFacts;
  access: AccessPlan;
}
