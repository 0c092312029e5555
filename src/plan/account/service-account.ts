import {
  type AccountSnapshot,
  accountOrigin,
  hasOwnKey,
  isSealed,
  signsInWith,
} from '../../realm/account.ts';
import { heldAs } from '../../realm/lists.ts';
import { isAudienceScope } from '../../realm/mcp-scope.ts';
import type { Client } from '../../realm/representations.ts';
import { ADMIN_API_SCOPE } from '../../realm/roles.ts';
import type { Change } from '../plan.ts';
import {
  ACCOUNT_CLIENT,
  ACCOUNT_SCOPES,
  type AccountKindRules,
  accountClient,
  type DesiredAccount,
} from './desired.ts';

/** Settings without which nobody can sign in as the account. */
const NEEDED = [
  'enabled',
  'publicClient',
  'bearerOnly',
  'clientAuthenticatorType',
  'serviceAccountsEnabled',
] as const;
/** Settings that the account doesn't need: removed with `--exact`. */
const SPARE = [
  'standardFlowEnabled',
  'implicitFlowEnabled',
  'directAccessGrantsEnabled',
  'fullScopeAllowed',
] as const;

type Field = (typeof NEEDED)[number] | (typeof SPARE)[number];

/** Fields in which a client differs from the wanted one. */
function differing(
  client: Client,
  fields: readonly Field[],
  wanted: Partial<Record<Field, unknown>> = ACCOUNT_CLIENT,
): Field[] {
  return fields.filter((field) => (client[field] ?? ACCOUNT_CLIENT[field]) !== wanted[field]);
}

/** Settings that the client has beside those that an account needs, as an operator reads them. */
export function spareSettings(client: Client | undefined): string[] {
  return client ? differing(client, SPARE) : [];
}

function repair(client: Client, desired: DesiredAccount): Change<'service-account'>[] {
  const key = desired.clientId;
  const wanted = accountClient(desired);
  const fields = differing(client, desired.exact ? [...NEEDED, ...SPARE] : NEEDED, wanted);
  if (fields.length === 0) return [];
  const pick = (from: Partial<Record<Field, unknown>>) =>
    Object.fromEntries(fields.map((field) => [field, from[field] ?? null]));
  const broken = fields.some((field) => (NEEDED as readonly string[]).includes(field));
  const why = broken
    ? 'so that mcpkc can sign in with it'
    : 'since a service account doesn’t need it (--exact)';
  return [{ kind: 'service-account', action: 'update', key, before: pick(client), after: pick(wanted), why }];
}

/** The new secret or key that a client needs, and why; empty where the present one stays. */
function renewal(client: Client, desired: DesiredAccount, sealed: boolean): Change<'service-account'>[] {
  const { clientId: key, rotate, signIn, keys } = desired;
  const renew = (
    before: Record<string, string>,
    after: Record<string, string>,
    why: string,
  ): Change<'service-account'>[] => [{ kind: 'service-account', action: 'update', key, before, after, why }];
  if (signIn === 'secret') {
    const [before, after] = [{ secret: 'as it is' }, { secret: 'a new one' }];
    if (rotate) return renew(before, after, WHY_SECRET_ASKED);
    if (!sealed) return renew(before, after, WHY_SECRET_ONCE);
    return hasOwnKey(client) ? renew({ key: 'as it is' }, after, WHY_SECRET_AGAIN) : [];
  }
  const [before, after] = [{ key: 'as it is' }, { key: 'a new one' }];
  const hadKey = client.clientAuthenticatorType === 'client-jwt' && hasOwnKey(client);
  if (!hadKey) return renew({ secret: 'as it is' }, after, WHY_KEY_ASKED);
  if (rotate) return renew(before, after, WHY_SECRET_ASKED);
  if (!sealed) return renew(before, after, WHY_SECRET_ONCE);
  return keys?.held !== undefined && signsInWith(client, keys.held) ? [] : renew(before, after, WHY_KEY_LOST);
}

/** The fields shown of a client that is replaced, with the id by which it was judged. */
function replaced(client: Client): Record<string, unknown> {
  const { id, clientId, consentRequired = false, redirectUris } = client;
  return { id, clientId, consentRequired, redirectUris };
}

const WHY_NEW = 'so that mcpkc has an account of its own with the roles below and nothing else';
const WHY_ANEW =
  'in place of the client of that name, which is deleted: its secret and its registration access token may be known to somebody else';
const WHY_SECRET_ONCE =
  'once, since it was made before mcpkc revoked registration access tokens: a stranger may have read it. The old one stops working at once; whatever has it needs the new one: other .keycloak-env files, variables of CI jobs, secret stores';
const WHY_SECRET_AGAIN =
  'in place of the key, as asked for with --no-key; the key stops working at once, whatever has it needs the secret';
const WHY_KEY_ASKED =
  'in place of a secret, as asked for with --key: its private part is in a file here and never leaves this machine. A secret stops working at once; whatever has it needs the key';
const WHY_KEY_LOST =
  'since the private part of its key is not here; the old one stops working at once, whatever has it needs the new one';
const WHY_SECRET_ASKED =
  'as asked for with --rotate-secret; the old one stops working at once, whatever has it needs the new one';

/** The client that mcpkc signs in with: there, an administrator's, enabled, with a service account, its secret nobody else's. */
export const serviceAccount: AccountKindRules<'service-account'> = {
  diff: (desired, snapshot) => {
    const { client } = snapshot;
    const key = desired.clientId;
    const origin = accountOrigin(snapshot, ACCOUNT_CLIENT).kind;
    if (!client || origin === 'unproven' || origin === 'unfinished') {
      const before = client ? replaced(client) : null;
      const why = client ? WHY_ANEW : WHY_NEW;
      const admits = snapshot.scopes.some(({ name }) => name === ADMIN_API_SCOPE);
      const made = { ...accountClient(desired), ...(desired.signIn === 'key' ? { key: 'a new one' } : {}) };
      const after = admits ? { ...made, defaultClientScopes: [...ACCOUNT_SCOPES] } : made;
      return [{ kind: 'service-account', action: 'create', key, before, after, why }];
    }
    return [...repair(client, desired), ...renewal(client, desired, isSealed(snapshot))];
  },
};

/**
 * The account's client scopes. MCP audiences are removed: a client that is made while a scope is a realm default holds
 * it from then on. Its administrative tokens would name the MCP server. `basic`, `roles` and `kc-admin-api` are there,
 * as far as the realm has them. The token shows mcpkc the account's roles; because of the last scope the admin API of
 * 26.8.2 accepts it.
 */
export const accountScopes: AccountKindRules<'client-scope-assignment'> = {
  diff: ({ clientId }, snapshot: AccountSnapshot) => {
    const { client, scopes } = snapshot;
    // A client that is made anew has its scopes from the start.
    if (!client || accountOrigin(snapshot, ACCOUNT_CLIENT).kind !== 'administrator') return [];
    return scopes.flatMap((scope): Change<'client-scope-assignment'>[] => {
      const { name } = scope;
      const held = heldAs(client, name);
      const key = `${clientId} ${name}`;
      const before = { clientId, scope: name, list: held };
      if (held !== 'none' && isAudienceScope(scope)) {
        const after = { clientId, scope: name, list: 'none' as const };
        const why = 'so that mcpkc’s administrative tokens carry no MCP server’s audience';
        return [{ kind: 'client-scope-assignment', action: 'detach', key, before, after, why }];
      }
      if (held === 'default' || !ACCOUNT_SCOPES.includes(name)) return [];
      const after = { clientId, scope: name, list: 'default' as const };
      const action = held === 'none' ? 'attach' : 'update';
      const why =
        name === ADMIN_API_SCOPE
          ? 'so that the admin API takes the account’s token (Keycloak 26.8.2 and later)'
          : 'so that the account’s token names its roles';
      return [{ kind: 'client-scope-assignment', action, key, before, after, why }];
    });
  },
};
