import { ADMIN_GUIDE, SEEN, UPGRADING_GUIDE } from '../explanation.ts';
import type { PartName } from '../keycloak/read/status-parts.ts';
import { registrationMarks } from '../realm/account.ts';
import { heldAs } from '../realm/lists.ts';
import { heldOf } from '../realm/mcp-scope.ts';
import { ADMIN_API_SCOPE, READING_ROLES, REVOKING_ROLE, WORKING_ROLES } from '../realm/roles.ts';
import { typedList } from '../text.ts';
import type { Fix, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, fixByCommand, repair } from './fixes.ts';
import { listServers, requireShown, type Seen } from './seen.ts';

/** An operator's names for the parts that a role shows. */
const PARTS: Record<PartName, string> = {
  scopes: 'client scopes',
  registrationPolicies: 'client registration policies',
  clientPolicies: 'client policies',
  authenticators: 'how clients authenticate',
  room: 'the number of clients',
  eventsConfig: 'which events are stored',
  refusals: 'what was refused lately',
  gone: 'clients that are gone',
  server: 'the server’s features',
  ownClient: 'mcpkc’s own client',
  clients: 'the clients',
  record: 'mcpkc’s record',
  access: 'who may use MCP servers',
  roleHolders: 'who has the roles of MCP servers',
  adopted: 'the adopted clients',
  ids: 'clients with a document’s or MCP server’s id',
  fewClients: 'who holds an audience',
  registrationProviders: 'what registration policies can do',
  defaultRoles: 'the roles of new users',
  lifetimes: 'how long sessions last',
};

const missingRole: Rule = {
  code: 'ACCOUNT_MISSING_ROLE',
  severity: 'error',
  needs: [],
  explanation: {
    what: 'mcpkc’s service account lacks a role, so part of the realm is not visible to it. What could not be read is neither good nor bad, and an empty list is no proof.',
    cause:
      'The account was made by hand with too few roles, or somebody took one away. Reading takes view-clients, view-realm and view-events of the client realm-management (of <realm>-realm for an account in master).',
    fix: 'mcpkc init grants exactly what the commands need; with --read-only what status needs. It signs in once as an administrator. An administrator can grant the role in the console too: Clients, the account, Service account roles.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const hidden = (Object.keys(PARTS) as PartName[]).flatMap((name) => {
      const part = seen.parts[name];
      return part.visible ? [] : [{ role: part.role, what: PARTS[name] }];
    });
    return [...new Set(hidden.map(({ role }) => role))].map((role) => {
      const what = hidden.filter((one) => one.role === role).map((one) => one.what);
      const message = `Not visible to this account: ${what.join(', ')}. '${seen.account}' lacks the role '${role}' of the client '${seen.roleClient}'.`;
      return {
        subject: role,
        message,
        fix: repairAccount(seen),
      };
    });
  },
};

/** The `init` command that repairs the account and keeps its kind: read-only, or one that writes. */
export function repairAccount(seen: Seen): Fix {
  return fixByCommand(seen, ['init', ...(worksToo(seen) ? [] : ['--read-only'])]);
}

/** Whether the account is one that writes. */
function worksToo({ parts }: Seen): boolean {
  return parts.token.roles?.some((role) => role.startsWith('manage-')) === true;
}

/** Roles that come along with those that mcpkc needs (composites, 26.7.3). */
const COME_ALONG = ['query-clients', 'query-users', 'query-groups', 'query-realms', 'manage-events'];

const overprivileged: Rule = {
  code: 'ACCOUNT_OVERPRIVILEGED',
  severity: 'warning',
  needs: [],
  explanation: {
    what: 'mcpkc’s service account may do more than any command needs. Anybody who gets its secret could use the rest: make users, become one, change realms.',
    cause: 'It was granted realm-admin or another wide role, or an account of something else is used.',
    fix: 'mcpkc init --exact removes the excess (signing in once as an administrator). Or configure an account of mcpkc’s own: mcpkc init makes one.',
    sources: [ADMIN_GUIDE],
  },
  find(seen) {
    const { roles = [], realmRoles } = seen.parts.token;
    const needed: readonly string[] = [...WORKING_ROLES, ...READING_ROLES, ...COME_ALONG, REVOKING_ROLE];
    const excess = roles.filter((role) => !needed.includes(role));
    const wide = realmRoles.filter((role) => role === 'admin' || role === 'create-realm');
    const all = [...excess, ...wide];
    if (all.length === 0) return [];
    const message = `The account '${seen.account}' has more roles than any command needs: ${all.join(', ')}.`;
    const fix = fixByCommand(seen, ['init', ...(worksToo(seen) ? [] : ['--read-only']), '--exact']);
    return [{ subject: seen.account, message, fix }];
  },
};

const revokes: Rule = {
  code: 'ACCOUNT_MAY_REVOKE',
  severity: 'info',
  needs: [],
  explanation: {
    what: 'mcpkc’s service account has the role manage-users: it can end people’s connections and grant roles. Anybody who gets its secret can also set anybody’s password.',
    cause: 'mcpkc init --revoke granted it, or an administrator did.',
    fix: 'Nothing, where connections --revoke or access --user are used. Otherwise mcpkc init --exact removes it.',
    sources: [ADMIN_GUIDE],
  },
  find(seen) {
    if (!(seen.parts.token.roles ?? []).includes(REVOKING_ROLE)) return [];
    const message = `The account '${seen.account}' can end people’s connections, and set anybody’s password (manage-users).`;
    const fix = fixByCommand(seen, ['init', ...(worksToo(seen) ? [] : ['--read-only']), '--exact']);
    return [{ subject: seen.account, message, fix }];
  },
};

const holdsScope: Rule = {
  code: 'ACCOUNT_HOLDS_SCOPE',
  severity: 'warning',
  needs: ['scopes', 'ownClient'],
  explanation: {
    what: 'mcpkc’s own service account holds an MCP server’s audience scope: its administrative token would be accepted by the MCP server, and a policy against tokens without a user would lock mcpkc out.',
    cause: 'A client that is made while a scope is a realm default gets it, a service account too.',
    fix: 'mcpkc create-scope --detach <client id> removes it; create-scope always does it for its own account.',
    sources: [SEEN],
  },
  find(seen) {
    const own = requireShown(seen.parts.ownClient);
    const { audiences } = seen.parts.token;
    return listServers(seen).flatMap((judged) => {
      const { scope: name, carriers, resource } = judged;
      const holds = own !== undefined && heldOf(own, carriers) !== 'none';
      if (!holds && !(resource !== undefined && audiences.includes(resource))) return [];
      const message = `mcpkc’s own account '${seen.account}' holds '${name}': its administrative token names the MCP server.`;
      const fix = holds
        ? repair(seen, judged, [['--detach', typedList([seen.account])]])
        : atKeycloak(
            `Take the audience ${resource} from the tokens of '${seen.account}': Clients, ${seen.account}, Client scopes and Dedicated mappers.`,
          );
      return [{ subject: seen.account, message, fix }];
    });
  },
};

const adminApiScope: Rule = {
  code: 'ACCOUNT_LACKS_ADMIN_API',
  severity: 'warning',
  needs: ['scopes', 'ownClient'],
  explanation: {
    what: 'The realm has the client scope kc-admin-api, and mcpkc’s account doesn’t hold it as a default. Keycloak 26.8.2 and later take only tokens with its audience at the admin API: every command of mcpkc then ends with 401.',
    cause:
      'The upgrade to Keycloak 26.8.2 makes the scope and assigns it to admin-cli and security-admin-console alone; the account is from before, or somebody took the scope from it.',
    fix: 'mcpkc init assigns the scope to the account (signing in once as an administrator).',
    sources: [UPGRADING_GUIDE],
  },
  find(seen) {
    const { all } = requireShown(seen.parts.scopes);
    if (!all.some(({ name }) => name === ADMIN_API_SCOPE)) return [];
    const own = requireShown(seen.parts.ownClient);
    const { isForAdminApi, scopes } = seen.parts.token;
    // An account in master shows its scopes by its token alone.
    const holds = own
      ? heldAs(own, ADMIN_API_SCOPE) === 'default'
      : isForAdminApi || scopes.includes(ADMIN_API_SCOPE);
    if (holds) return [];
    const message = `The account '${seen.account}' doesn’t hold the client scope '${ADMIN_API_SCOPE}': Keycloak 26.8.2 and later refuse its tokens at the admin API (401).`;
    return [{ subject: seen.account, message, fix: repairAccount(seen) }];
  },
};

/**
 * A token of this many characters is near the limit of servers and proxies for a header: nginx refuses 8 kB unless
 * told.
 */
const LONG_TOKEN = 8000;

const longToken: Rule = {
  code: 'ACCOUNT_TOKEN_LONG',
  severity: 'warning',
  needs: [],
  explanation: {
    what: "The account’s access token is longer than 8 kB. Proxies refuse such headers (nginx: 400 or 414 'Request Header Or Cookie Too Large'), Keycloak itself answers 431 somewhat above 60 kB.",
    cause:
      'An account in master carries its roles for every realm that it administers, 200 bytes each; or its client passes on every role of a wide administrator.',
    fix: 'One account for each realm: mcpkc init without KC_ADMIN_REALM makes it in the realm itself. In master, mcpkc init --exact removes the roles that are in excess.',
    sources: [SEEN],
  },
  find(seen) {
    const { length } = seen.parts.token;
    if (length <= LONG_TOKEN) return [];
    const message = `The access token of '${seen.account}' has ${(length / 1000).toFixed(1)} kB: proxies refuse headers of 8 kB and more.`;
    const fix = atKeycloak(
      'Make an account for each realm: mcpkc init, without KC_ADMIN_REALM=master in the configuration.',
    );
    return [{ subject: seen.account, message, fix }];
  },
};

const unproven: Rule = {
  code: 'ACCOUNT_UNPROVEN',
  severity: 'error',
  needs: ['ownClient'],
  explanation: {
    what: 'mcpkc’s own client looks as if it had registered itself. The one who registered it may know its secret, read each new one with his registration access token, and administer the realm with it.',
    cause:
      'A stranger registered the client id before init ran, and an older init (0.1.0) granted it the roles. Or somebody set redirect URIs, mappers or consent on the client by hand.',
    fix: 'mcpkc init --yes deletes the client and makes it anew, with another secret, and dead registration access tokens; --force lets it write the new secret into the file. Look through what the account did: Events, Admin events.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const own = requireShown(seen.parts.ownClient);
    const marks = own === undefined ? [] : registrationMarks(own);
    if (marks.length === 0) return [];
    const message = `mcpkc’s own client '${seen.account}' may be somebody else’s: ${marks.join('; ')}.`;
    const flags = [...(worksToo(seen) ? [] : ['--read-only']), '--yes', '--force'];
    return [{ subject: seen.account, message, fix: fixByCommand(seen, ['init', ...flags]) }];
  },
};

const unsealed: Rule = {
  code: 'ACCOUNT_NOT_SEALED',
  severity: 'warning',
  needs: [],
  explanation: {
    what: 'Nothing shows that the secret of mcpkc’s account is known to nobody else. Anybody who registers a client gets a registration access token, valid without limit, which reads the secret; 0.1.0 granted the roles to a client that was there by its name, anybody who had made it.',
    cause: 'The account was made by mcpkc 0.1.0, or by hand.',
    fix: 'mcpkc init revokes the registration access token, makes the secret anew, once, and maps the role mcpkc-account of the client to it. Whatever has the old secret needs the new one.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    if (seen.parts.token.sealed !== false) return [];
    const message = `The secret of mcpkc’s account '${seen.account}' may be known to somebody else: the account was made before registration access tokens were revoked, or by hand.`;
    const fix = fixByCommand(seen, ['init', ...(worksToo(seen) ? [] : ['--read-only'])]);
    return [{ subject: seen.account, message, fix }];
  },
};

/** mcpkc's own service account. */
export const account: RuleGroup = {
  title: 'The service account',
  rules: [unproven, missingRole, adminApiScope, unsealed, overprivileged, revokes, holdsScope, longToken],
};
