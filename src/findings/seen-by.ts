import type { Context } from '../cli/command.ts';
import { defaultBackup } from '../cli/state-files.ts';
import { otherAudiences } from '../config/config.ts';
import { CONFIG_FILES_HERE } from '../config/find-file.ts';
import type { Config } from '../config/load.ts';
import { namingFlags } from '../config/trust.ts';
import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import type { StatusSnapshot } from '../keycloak/read/status-parts.ts';
import { canonicalResource } from '../names/resource-url.ts';
import { expectedPresets, knownPresets } from '../plan/input.ts';
import { parseBackup } from '../plan/pruned-backup.ts';
import type { Preset } from '../products/preset.ts';
import type { CommandPart } from '../text.ts';
import type { Seen } from './seen.ts';

/** Puts together what the rules look at: the realm, the configuration, and this machine. */
export async function lookAt(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  given: {
    resource: unknown;
    /** The products that are named; undefined where none is: then those that the server was opened for. */
    presets: readonly Preset[] | undefined;
    parts: StatusSnapshot;
    documents?: Seen['documents'];
  },
): Promise<Seen> {
  const { io } = context;
  const named = typeof given.resource === 'string' ? canonicalResource(given.resource) : undefined;
  const resource = named ?? config.transportUrl;
  const record = given.parts.record.visible ? given.parts.record.value : undefined;
  return {
    parts: given.parts,
    realm: keycloak.realm,
    server: keycloak.server,
    resource,
    only: named !== undefined,
    configured: { resource: config.transportUrl, scopeName: config.scopeName },
    presets: given.presets ?? expectedPresets(record, resource, knownPresets(config)),
    issuer: config.issuer,
    account: config.clientId ?? '',
    roleClient: keycloak.place.roleClient,
    staticClients: config.audiences.clients,
    otherAudiences: otherAudiences(config, resource),
    globalFlags: globalFlags(config),
    initFlags: namingFlags(config),
    now: io.now(),
    documents: given.documents,
    profile: config.profile,
    backupOf: await backups(context, keycloak),
  };
}

/** The global options of this run that a printed command has to repeat to mean the same. */
function globalFlags(config: Config): CommandPart[] {
  const flagged = (key: string) => config.originOf(key)?.startsWith('flag') === true;
  // A profile is named as such, in place of its files.
  const isFlagged = (path: string | undefined) => path !== undefined && config.profile === undefined;
  const credentials = isFlagged(config.files.credentials) ? config.files.credentials : undefined;
  const file = isFlagged(config.files.config) ? config.files.config : undefined;
  const flags: CommandPart[][] = [
    config.profile === undefined ? [] : [['--profile', config.profile]],
    flagged('KC_SERVER') ? [['--server', config.server]] : [],
    flagged('KC_REALM') ? [['--realm', config.realm ?? '']] : [],
    flagged('MCPKC_CA_FILE') ? [['--ca-file', config.caFile ?? '']] : [],
    flagged('MCPKC_ALLOW_HTTP') ? ['--allow-http'] : [],
    credentials === undefined || credentials === '.keycloak-env' ? [] : [['--credentials', credentials]],
    // The profile was found without being named: here, or in the user's configuration folder.
    file === undefined || CONFIG_FILES_HERE.includes(file) || /\/mcpkc\/config\.json$/.test(file)
      ? []
      : [['--config', file]],
  ];
  return flags.flat();
}

/** Looks up the backup of pruned clients that holds a client: the realm's usual one. Its secrets are not kept. */
async function backups({ io }: Context, keycloak: Keycloak): Promise<Seen['backupOf']> {
  try {
    const file = defaultBackup(io, keycloak);
    const text = await io.files.read(file);
    if (text === undefined) return () => undefined;
    const ids = new Set(parseBackup(text, file).records.map(({ clientId }) => clientId));
    return (clientId) => (ids.has(clientId) ? file : undefined);
  } catch (error) {
    // Without a place for backups, or with one that can't be read, no backup is known.
    if (error instanceof McpkcError || (error as NodeJS.ErrnoException).code !== undefined)
      return () => undefined;
    throw error;
  }
}
