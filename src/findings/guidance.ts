import { MCP_SPEC, SEEN } from '../explanation.ts';
import { isProbe, isSelfRegistered, presetOf } from '../products/dynamic.ts';
import { canGetAudience } from '../products/foresee.ts';
import { PRESETS } from '../products/index.ts';
import { heldOf } from '../realm/mcp-scope.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { isDefaultAdded } from '../realm/registration-policies.ts';
import { count, formatCommand } from '../text.ts';
import { doorsOf } from './asked-scopes.ts';
import type { Rule, RuleGroup } from './finding.ts';
import { atMcpServer } from './fixes.ts';
import { listServers, type Seen } from './seen.ts';
import { listRegistering } from './ways.ts';

const dcrWithScope: Rule = {
  code: 'DCR_WITH_SCOPE',
  severity: 'info',
  needs: ['scopes', 'registrationPolicies'],
  explanation: {
    what: 'A client that names scopes when it registers gets those as optional scopes and none of the realm’s defaults. So products on the official SDK, VS Code, Codex and others get the audience only if they ask for its scope by name, which they do when the MCP server’s metadata lists it in scopes_supported.',
    cause:
      "It is how Keycloak reads `scope` in a registration, unless the policy 'Allowed Client Scopes' is told to add the realm’s default scopes (an option of Keycloak 26.8 and later).",
    fix: 'List the scope in scopes_supported of the MCP server’s /.well-known/oauth-protected-resource, and name it in the 401 challenge. mcpkc env prints the server’s settings.',
    sources: ['RFC 7591 §2', 'RFC 9728 §2', MCP_SPEC, SEEN],
  },
  find: (seen) =>
    listServers(seen)
      .filter(({ mode, list }) => mode === 'standing' && list !== 'none')
      .filter(({ list }) => list === 'optional' || !defaultsAreAdded(seen))
      .map(({ scope: name, resource, list }) => {
        const doors = doorsOf(seen);
        const silent = listRegistering(seen).filter((preset) => !canGetAudience(preset, doors, {}, name));
        const who =
          list === 'optional'
            ? 'No client gets the optional scope unless it asks for it by name'
            : 'Clients whose registration names scopes (MCP SDK, VS Code, Codex) get no realm defaults';
        const message = `${who}: the MCP server’s metadata has to list '${name}'.`;
        const where = resource === undefined ? 'the MCP server' : resource;
        return {
          subject: name,
          message,
          fix: atMcpServer(`In the protected resource metadata of ${where}: "scopes_supported": ["${name}"]`),
          depends: silent.map((preset) => preset.name),
        };
      }),
};

/** Whether registrations that name scopes get the realm's defaults, too; false where that isn't visible. */
function defaultsAreAdded({
  parts: { registrationPolicies: policies, registrationProviders: providers },
}: Seen): boolean {
  return policies.visible && providers.visible && isDefaultAdded(policies.value, providers.value);
}

const mode: Rule = {
  code: 'MODE',
  severity: 'info',
  needs: ['scopes'],
  explanation: {
    what: 'Whom an audience scope serves. standing: it is a realm default (or optional) scope, and every client made in this realm inherits it, by registration or in the console, an administrator’s application too. adopted: any client may name the scope, which puts nothing into tokens; the audience is a hidden second scope, which mcpkc attaches to clients that were adopted. Others get a token without the audience, and that is the point of it.',
    cause:
      'mcpkc create-scope makes a resource standing, mcpkc onboard adopted. A scope that nobody marked counts as adopted where it is in neither of the realm’s lists.',
    fix: 'mcpkc create-scope --attach default (or none) changes it. Clients that have the audience keep it: before it becomes adopted, the products’ clients are, and others are named.',
    sources: [],
  },
  find: (seen) =>
    listServers(seen).map((judged) => {
      const { scope: name, mode: kind, list, resource } = judged;
      const whom =
        kind === 'adopted'
          ? 'only adopted clients get the audience'
          : list === 'optional'
            ? 'every client made in this realm, by registration or in the console, may ask for it by name'
            : 'every client made in this realm, by registration or in the console, inherits it';
      const next =
        kind === 'adopted'
          ? `To connect a product: ${resource === undefined ? 'mcpkc onboard <its URL>' : formatCommand(['onboard'], [resource])}`
          : 'Nothing to fix.';
      return {
        subject: name,
        message: `The scope '${name}' is ${kind}: ${whom}.${inherited(seen, judged)}`,
        fix: atMcpServer(next),
      };
    }),
};

/**
 * A sentence with the clients that hold a standing audience and are no known product’s, such as applications that
 * inherited it.
 */
function inherited(seen: Seen, { mode: kind, list, carriers }: PresentServer): string {
  if (kind !== 'standing' || list === 'none') return '';
  const { clients, fewClients } = seen.parts;
  const all =
    (clients.visible ? clients.value?.clients : undefined) ??
    (fewClients.visible ? fewClients.value : undefined);
  if (all === undefined) return ' mcpkc status --clients shows which hold it.';
  const foreign = all.filter(
    (client) =>
      heldOf(client, carriers) !== 'none' &&
      client.clientId !== seen.account &&
      !isProbe(client) &&
      !(isSelfRegistered(client) && presetOf(client, [...seen.presets, ...PRESETS]) !== undefined),
  );
  if (foreign.length === 0) return ' Every client that holds it is a known product’s.';
  const names = foreign
    .slice(0, SHOWN)
    .map(({ clientId }) => clientId)
    .join(', ');
  const more = foreign.length > SHOWN ? ` and ${foreign.length - SHOWN} more` : '';
  return ` ${count(foreign.length, 'client')} that ${foreign.length === 1 ? 'is' : 'are'} no known product’s ${foreign.length === 1 ? 'holds' : 'hold'} it: ${names}${more}.`;
}

/** Number of clients that are named. */
const SHOWN = 5;

/** Rules about what is good to know, and no fault. */
export const guidance: RuleGroup = {
  title: 'Good to know',
  applies: () => false,
  rules: [mode, dcrWithScope],
};
