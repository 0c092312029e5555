import type { Context } from '../../cli/command.ts';
import { type Config, loadConfig } from '../../config/load.ts';
import { grantConnecting, type Keycloak, open } from '../../keycloak/connection/connect.ts';
import { hasStoredEvents } from '../../keycloak/read/events.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import type { DesiredAccount } from '../../plan/account/desired.ts';
import { removeLeftBehind } from '../../plan/leftovers.ts';
import type { Proof } from './files.ts';

/**
 * Signs in as the account and reads with each of its roles; throws the error that an operator would meet at the next
 * command.
 */
export async function proveAccount(
  context: Context,
  config: Config,
  { clientId, realm: accountRealm, target, roles }: DesiredAccount,
  proof: Proof,
): Promise<void> {
  const { io, signal } = context;
  const grant = { server: config.server, realm: accountRealm, clientId, ...credentialOf(proof) };
  const connecting = { ...grantConnecting(grant, target, io), account: clientId };
  const keycloak = await open(connecting, config, io, signal);
  await Promise.all([readRealm(keycloak), readSome(keycloak)]);
  if (roles.includes('manage-clients')) await removeLeftBehind(context, keycloak, 'init');
}

function credentialOf(proof: Proof): { clientSecret: string } | { clientKey: string } {
  return 'key' in proof ? { clientKey: proof.key.pem } : { clientSecret: proof.secret ?? '' };
}

async function readSome(keycloak: Keycloak): Promise<void> {
  await Promise.all([
    hasStoredEvents(keycloak, { what: 'read events', role: 'view-events' }),
    keycloak.read({ what: 'read users', role: 'view-users' }, (admin) => admin.users.find({ max: 1 })),
  ]);
}

/** The value that wins over the key: another key file, or a secret from a stronger place. */
function otherProof({ originOf, clientSecret }: Config): string {
  if (clientSecret === undefined) return 'KC_CLIENT_KEY_FILE';
  return originOf('KC_CLIENT_SECRET') === undefined ? 'KC_CLIENT_SECRET_FILE' : 'KC_CLIENT_SECRET';
}

/**
 * The values that the next command would work with, were it called without the flags of this one. A variable or a file
 * with another value is named, since the account that was just made would not be used.
 */
export async function warnOfOverrides(
  { io, named, voice }: Context,
  config: Config,
  { clientId, realm, target }: DesiredAccount,
  proof: Proof,
): Promise<void> {
  const { profile } = config;
  const next = await loadConfig({ profile, config: named.config, credentials: named.credentials }, io);
  const keys = [
    next.server === config.server ? [] : ['KC_SERVER'],
    next.realm === target ? [] : ['KC_REALM'],
    next.adminRealm === realm ? [] : ['KC_ADMIN_REALM'],
    next.clientId === clientId ? [] : ['KC_CLIENT_ID'],
    'secret' in proof && next.clientSecret !== proof.secret ? ['KC_CLIENT_SECRET'] : [],
    'key' in proof && next.clientKey !== proof.key.pem ? [otherProof(next)] : [],
  ].flat();
  for (const key of keys) {
    const byFile = next.originOf(`${key}_FILE`);
    const said = byFile?.startsWith('environment') ? `${key}_FILE` : key;
    const origin = next.originOf(said) ?? byFile ?? 'another place';
    voice.warn(`${said} has another value from: ${origin}. It wins over the files that were just written.`);
  }
}
