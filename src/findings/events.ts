import { ADMIN_GUIDE, SEEN } from '../explanation.ts';
import type { Preset } from '../products/preset.ts';
import { advisedRetention } from '../realm/events.ts';
import { typedName } from '../text.ts';
import type { Found, Rule, RuleGroup } from './finding.ts';
import { atMcpServer, fixByCommand } from './fixes.ts';
import { requireShown, type Seen } from './seen.ts';

/** The form of the ids that Keycloak assigns to anybody who registers. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const prunedTooEarly: Rule = {
  code: 'PRUNED_TOO_EARLY',
  severity: 'warning',
  needs: ['refusals', 'gone'],
  explanation: {
    what: 'Somebody still uses a client that is gone: a sign-in or a renewal named it, and Keycloak did not find it (client_not_found). Its user sees that the connection is broken; several products never register again by themselves.',
    cause: 'The client was deleted, by mcpkc prune-clients or by hand, while a connection still needed it.',
    fix: 'mcpkc prune-clients --restore <backup> <client id> brings it back with its secret; the connection works again after signing in. Without a backup: what the product does after invalid_client, which mcpkc presets shows.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    requireShown(seen.parts.gone)
      .filter((clientId) => seen.backupOf(clientId) !== undefined || UUID.test(clientId))
      .map((clientId): Found => {
        const backup = seen.backupOf(clientId);
        const when = latest(seen, clientId);
        const message = `Somebody still uses the client ${clientId}, which is gone${when}: its user sees a broken connection.`;
        const fix =
          backup === undefined
            ? atMcpServer(`No backup is known that holds it. ${recovery(seen)}`)
            : fixByCommand(seen, ['prune-clients', ['--restore', backup]], [typedName(clientId)]);
        return { subject: clientId, message, fix };
      }),
};

/** The steps by which a product gets a new client once its own is gone. */
const RECOVERS: Readonly<Record<Preset['reregisters'], string>> = {
  'by-itself': 'registers anew on its own',
  'at-login': 'registers anew when its user signs in again',
  'after-removal': 'has to be removed and added again by its user',
  unknown: 'may have to be removed and added again by its user',
};

/**
 * The steps of the products in question after invalid_client; it is no longer known which of them the client was for.
 */
function recovery({ presets }: Seen): string {
  return presets.map(({ title, reregisters }) => `${title} ${RECOVERS[reregisters]}.`).join(' ');
}

function latest(seen: Seen, clientId: string): string {
  const times = requireShown(seen.parts.refusals).flatMap((event) =>
    event.clientId === clientId ? [event.time] : [],
  );
  return times.length === 0 ? '' : ` (last ${new Date(Math.max(...times)).toISOString()})`;
}

const off: Rule = {
  code: 'EVENTS_OFF',
  severity: 'info',
  needs: ['eventsConfig'],
  explanation: {
    what: 'The realm stores no user events, or not those that tell who registered and who was refused. Then status can’t show what was refused lately, onboard has to page through clients, and prune-clients knows less about who is still used.',
    cause: 'User events are off in every new realm.',
    fix: 'mcpkc init --events 30d switches them on with the types that mcpkc reads, and has Keycloak forget them after that time.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const { enabled, types } = requireShown(seen.parts.eventsConfig);
    const lacking = ['CLIENT_REGISTER', 'CLIENT_REGISTER_ERROR', 'LOGIN', 'LOGIN_ERROR'].filter(
      // An empty list means Keycloak's own choice, which has all of them (26.7.3).
      (type) => types.length > 0 && !types.includes(type),
    );
    if (enabled && lacking.length === 0) return [];
    const what = enabled ? `not ${lacking.join(', ')}` : 'none';
    const message = `User events are stored: ${what}. So nothing shows which registrations and sign-ins were refused.`;
    return [
      { subject: 'events', message, fix: fixByCommand(seen, ['init', ['--events', advisedRetention()]]) },
    ];
  },
};

/** Rules about the events that Keycloak stores. */
export const events: RuleGroup = {
  title: 'Clients in use are there',
  applies: (seen) => requireShown(seen.parts.eventsConfig).enabled,
  rules: [prunedTooEarly, off],
};
