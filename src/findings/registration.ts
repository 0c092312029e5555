import { REGISTRATION_GUIDE, SEEN } from '../explanation.ts';
import { foreseeScopes } from '../products/foresee.ts';
import { allowedScopesOf, mapperTypesOf, PAIRWISE_MAPPER } from '../realm/registration-policies.ts';

import { POLICY } from '../realm/representations.ts';
import { count } from '../text.ts';
import { doorsOf, namingsOf } from './asked-scopes.ts';
import type { FindingSeverity, Fix, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, atMcpServer, harden, repairAny } from './fixes.ts';
import { listAnonymous } from './hosts.ts';
import { isShut, listServers, requireShown, type Seen } from './seen.ts';
import { isRegistrationShut, listRegistering } from './ways.ts';

const CONSOLE = 'In the admin console, Clients, Client registration, Anonymous access policies:';
const NAME_A_SERVER = 'Name the MCP server: mcpkc create-scope --resource <its URL>';

const defaultsOff: Rule = {
  code: 'ALLOWED_SCOPES_DEFAULTS_OFF',
  severity: 'error',
  needs: ['registrationPolicies', 'scopes'],
  explanation: {
    what: "The policy 'Allowed Client Scopes' doesn’t allow the realm’s own default and optional scopes: every registration that names one is refused with 403. Products that name what the MCP server’s metadata lists (VS Code, Codex, everything on the official SDK) can’t register.",
    cause: "'Allow Default Scopes' was switched off.",
    fix: 'mcpkc create-scope for the resource switches it on.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find(seen) {
    const doors = doorsOf(seen);
    const { named } = namingsOf(seen);
    const stopped = listRegistering(seen).filter(
      (preset) => foreseeScopes(preset, doors, named)?.stage === 'registration',
    );
    return listAnonymous(seen, POLICY.allowedScopes)
      .filter((policy) => !isShut(seen) && !allowedScopesOf(policy).defaults)
      .map(({ name }) => ({
        subject: name,
        message: `The policy '${name}' doesn’t allow the realm’s own scopes: a registration that names one is refused ('Not permitted to use specified clientScope').`,
        fix: repairAny(seen) ?? atMcpServer(NAME_A_SERVER),
        products: stopped.map((preset) => preset.name),
      }));
  },
};

const blocks: Rule = {
  code: 'ALLOWED_SCOPES_BLOCKS_REGISTRATION',
  severity: 'error',
  needs: ['registrationPolicies', 'scopes'],
  explanation: {
    what: "Products that name scopes when they register are refused with 403 ('Not permitted to use specified clientScope'): the policy 'Allowed Client Scopes' lacks a name that they send. `openid` is not a client scope in Keycloak, so it has to be listed.",
    cause:
      'A new realm lists nothing; or a standing scope is in neither of the realm’s lists and not in the policy.',
    fix: 'mcpkc create-scope for the resource lists openid and makes the scope one of the realm’s.',
    sources: [REGISTRATION_GUIDE, 'RFC 7591 §2 (scope)', SEEN],
  },
  find(seen) {
    const senders = listRegistering(seen).filter(({ scopes }) => scopes.registers !== 'nothing');
    if (senders.length === 0 || isShut(seen)) return [];
    const doors = doorsOf(seen);
    const { named } = namingsOf(seen);
    return listAnonymous(seen, POLICY.allowedScopes).flatMap((policy) => {
      const blocked = namedScopes(seen).filter((scope) => !allowedScopesOf(policy).scopes.includes(scope));
      if (blocked.length === 0) return [];
      const always = senders.filter((preset) =>
        foreseeScopes(preset, doors, named)?.scopes.some((scope) => blocked.includes(scope)),
      );
      const others = senders.filter((preset) => !always.includes(preset));
      const list = (of: typeof senders) => of.map(({ title }) => title).join(', ');
      const who = [
        always.length === 0 ? '' : `${list(always)} can’t register`,
        others.length === 0 ? '' : `${list(others)} can’t register where the MCP server makes them name it`,
      ].filter((part) => part !== '');
      return [
        {
          subject: policy.name,
          message: `The policy '${policy.name}' refuses registrations that name ${blocked.join(', ')} ('Not permitted to use specified clientScope'): ${who.join('; ')}.`,
          fix: repairAny(seen) ?? atMcpServer(NAME_A_SERVER),
          ...(always.length === 0 ? { severity: 'warning' as const } : {}),
          products: always.map(({ name }) => name),
          depends: others.map(({ name }) => name),
        },
      ];
    });
  },
};

/** Entries that registrations name and that the realm's lists don't allow on their own. */
function namedScopes(seen: Seen): string[] {
  const standing = listServers(seen).filter(({ mode, list }) => mode === 'standing' && list === 'none');
  return ['openid', ...standing.map(({ scope }) => scope)];
}

const full: Rule = {
  code: 'MAX_CLIENTS_REACHED',
  severity: 'error',
  needs: ['room'],
  explanation: {
    what: "The realm has as many clients as 'Max Clients Limit' allows (200 unless changed; every client of the realm counts): nobody can register any more, and ChatGPT can’t set up a connection.",
    cause: 'Every failed attempt to connect leaves a client behind.',
    fix: 'Remove what nobody uses: mcpkc prune-clients (it shows first, and only deletes what was idle long enough). Or raise the limit in the policy.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find(seen) {
    const { limit, reached } = requireShown(seen.parts.room);
    if (limit === undefined || !reached || listRegistering(seen).length === 0) return [];
    const message = `The realm has reached its limit of ${count(limit, 'client')}: nobody can register any more.`;
    const fix = atKeycloak(
      `See what can go: mcpkc prune-clients. Or raise the limit. ${CONSOLE} Max Clients Limit.`,
    );
    return [{ subject: 'Max Clients Limit', message, fix }];
  },
};

const nearlyFull: Rule = {
  code: 'MAX_CLIENTS_NEAR',
  severity: 'warning',
  needs: ['room'],
  explanation: {
    what: "Four fifths of the clients that 'Max Clients Limit' allows are there. When it is reached, nobody can register.",
    cause:
      'Every failed attempt to connect leaves a client behind, and some products register anew for every connection.',
    fix: 'mcpkc prune-clients, regularly; or a higher limit.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find(seen) {
    const { limit, reached, near } = requireShown(seen.parts.room);
    if (limit === undefined || reached || !near) return [];
    const message = `The realm has used 80 % of its limit of ${count(limit, 'client')}.`;
    const fix = atKeycloak(
      `See what can go: mcpkc prune-clients. Or raise the limit. ${CONSOLE} Max Clients Limit.`,
    );
    return [{ subject: 'Max Clients Limit', message, fix }];
  },
};

const disabled: Rule = {
  code: 'NEW_CLIENTS_DISABLED',
  severity: 'error',
  needs: ['registrationPolicies'],
  explanation: {
    what: "A policy disables every client that registers: registration works, then the sign-in ends with 'Client disabled'.",
    cause:
      "Somebody added the policy 'Client Disabled' to the anonymous access policies, so that an administrator has to look at each client.",
    fix: 'Delete the policy, or enable each connector by hand after it has registered.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    (listRegistering(seen).length === 0 ? [] : listAnonymous(seen, POLICY.disabled)).map(({ name }) => ({
      subject: name,
      message: `The policy '${name}' disables every client that registers: the sign-in that follows is refused.`,
      fix: atKeycloak(`${CONSOLE} delete '${name}', or enable the connector’s client by hand.`),
    })),
};

const wideMappers: Rule = {
  code: 'MAPPER_TYPES_WIDE',
  severity: 'error',
  needs: ['registrationPolicies', 'scopes'],
  explanation: {
    what: 'A client that registers itself may bring protocol mappers that put attributes of its user into claims. A user of the realm who may change an attribute of his own (last name, locale) maps it to `sub`, and has tokens that the realm signed with another user’s `sub`; mapped to `aud`, they name an MCP server that never admitted him.',
    cause:
      "'Allowed Protocol Mapper Types' is as in every new realm: it lists eight types, and only oidc-sha256-pairwise-sub-mapper is harmless.",
    fix: 'mcpkc create-scope, trusted-hosts and onboard narrow the policy to that one type. No product that mcpkc knows registers with another.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    (isRegistrationShut(seen) ? [] : listAnonymous(seen, POLICY.allowedMappers)).flatMap((policy) => {
      const wide = mapperTypesOf(policy).filter((type) => type !== PAIRWISE_MAPPER);
      if (wide.length === 0 || isShut(seen)) return [];
      const message = `The policy '${policy.name}' lets a client that registers itself bring mappers (${wide.join(', ')}): it can put another user’s sub, or any audience, into its tokens.`;
      return [{ subject: policy.name, message, fix: harden(seen) }];
    }),
};
/** A further loss where the policies that mark registrations are gone (Keycloak 26.4.0 and 26.7.4). */
const NO_MARK = 'nothing tells it from a client that an administrator made, mcpkc’s own account included';

/** A policy that every new realm has and that somebody deleted. */
function missingPolicy(
  code: string,
  title: string,
  providerId: string,
  lost: string,
  { severity, fix }: { severity: FindingSeverity; fix?(seen: Seen): Fix } = { severity: 'warning' },
): Rule {
  const byHand = `${CONSOLE} Create client policy, ${title}.`;
  return {
    code,
    severity,
    needs: ['registrationPolicies', 'scopes'],
    explanation: {
      what: `The realm’s policies for anonymous registration lack '${title}': ${lost}.`,
      cause: 'Somebody deleted it; every new realm has it.',
      fix: fix ? 'mcpkc create-scope, trusted-hosts and onboard add it again.' : `Add it again. ${byHand}`,
      sources: [REGISTRATION_GUIDE, SEEN],
    },
    find: (seen) =>
      listAnonymous(seen, providerId).length > 0
        ? []
        : [
            {
              subject: title,
              message: `There is no policy '${title}' for anonymous registration: ${lost}.`,
              fix: fix?.(seen) ?? atKeycloak(byHand),
            },
          ],
  };
}

/** Rules about the other policies for anonymous registration. */
export const registration: RuleGroup = {
  title: 'Client registration policies',
  rules: [
    full,
    defaultsOff,
    blocks,
    disabled,
    wideMappers,
    missingPolicy(
      'ALLOWED_SCOPES_POLICY_MISSING',
      'Allowed Client Scopes',
      POLICY.allowedScopes,
      'a registration may name any scope of the realm, the audience scopes of mode adopted too',
    ),
    missingPolicy(
      'MAPPER_POLICY_MISSING',
      'Allowed Protocol Mapper Types',
      POLICY.allowedMappers,
      'a client may register with mappers of its own and so put any audience or claim into its tokens',
      { severity: 'error', fix: harden },
    ),
    missingPolicy(
      'CONSENT_POLICY_MISSING',
      'Consent Required',
      POLICY.consent,
      `a client that registers gets tokens without asking its users, and ${NO_MARK}`,
      { severity: 'error' },
    ),
    missingPolicy(
      'FULL_SCOPE_POLICY_MISSING',
      'Full Scope Disabled',
      POLICY.fullScope,
      `a client that registers gets all of its users’ roles into its tokens, and ${NO_MARK}`,
      { severity: 'error' },
    ),
    nearlyFull,
  ],
};
