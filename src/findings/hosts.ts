import { REGISTRATION_GUIDE, SEEN } from '../explanation.ts';
import { trustedHost } from '../names/resource-url.ts';
import type { Preset } from '../products/preset.ts';
import { OWN_POLICY, patternsOf } from '../realm/own-policies.ts';
import { type HostsOfPolicy, hostsOf } from '../realm/registration-policies.ts';
import { POLICY, type RegistrationPolicy } from '../realm/representations.ts';
import { typedList } from '../text.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { harden, repair, trustHosts } from './fixes.ts';
import { isShut, isShutOnPurpose, listServers, requireShown, type Seen } from './seen.ts';
import { listRegistering } from './ways.ts';
import { isTooWide } from './wide-hosts.ts';

/** The registration policies of one kind that anonymous registrations meet. */
export function listAnonymous(seen: Seen, providerId: string): RegistrationPolicy[] {
  return requireShown(seen.parts.registrationPolicies).filter(
    (policy) => policy.providerId === providerId && policy.subType === 'anonymous',
  );
}

function policies(seen: Seen): ({ name: string } & HostsOfPolicy)[] {
  return listAnonymous(seen, POLICY.trustedHosts).map((policy) => ({
    name: policy.name,
    ...hostsOf(policy),
  }));
}

/**
 * Whether Keycloak's policy trusts a host. An entry is compared letter by letter, upper and lower case too; `*.x` is x
 * and everything below it (26.7.3).
 */
export function isTrustedHost(hosts: readonly string[], host: string): boolean {
  return hosts.some((entry) => {
    if (!entry.startsWith('*.')) return entry === host;
    const domain = entry.slice(2);
    return host === domain || host.endsWith(`.${domain}`);
  });
}

const policyMissing: Rule = {
  code: 'TRUSTED_HOSTS_POLICY_MISSING',
  severity: 'error',
  needs: ['registrationPolicies', 'scopes', 'clientPolicies'],
  explanation: {
    what: "The realm’s policies for anonymous registration lack 'Trusted Hosts': anybody on the network may register a client with any redirect URI, and with a realm default scope get tokens for the MCP server from anybody who signs in. Where mcpkc’s client policy holds redirect URIs to the products’, that alone keeps strangers’ URIs out, and this is a warning.",
    cause:
      'Somebody deleted the policy, often because it refused ChatGPT, instead of listing ChatGPT’s hosts in it.',
    fix: 'mcpkc trusted-hosts with the products that should register adds the policy. It refuses everybody else from then on, so it wants --yes.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    policies(seen).length > 0
      ? []
      : [
          {
            subject: 'Trusted Hosts',
            ...(heldPatterns(seen) === undefined
              ? {
                  message:
                    'There is no Trusted Hosts policy for anonymous registration: anybody may register a client with any redirect URI.',
                }
              : {
                  severity: 'warning' as const,
                  message:
                    'There is no Trusted Hosts policy for anonymous registration: the client policy that holds redirect URIs to the products’ is all that keeps strangers’ out.',
                }),
            fix: trustHosts(seen, { flags: ['--yes'] }),
          },
        ],
};

const empty: Rule = {
  code: 'TRUSTED_HOSTS_EMPTY',
  severity: 'error',
  needs: ['registrationPolicies', 'scopes', 'record'],
  explanation: {
    what: "The Trusted Hosts policy lists no host, as in every new realm: Keycloak refuses every anonymous registration. ChatGPT reports that it could not register (Policy 'Trusted Hosts' rejected request to client-registration service). Where registration was kept shut when the MCP servers were provisioned, that is as it should be, and no more than information.",
    cause: 'The realm is new, or somebody emptied the list.',
    fix: 'mcpkc trusted-hosts --preset <product> lists the product’s hosts and sets both switches as it needs them; mcpkc create-scope does the same and more.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    policies(seen)
      .filter(({ hosts }) => hosts.length === 0 && listRegistering(seen).length > 0)
      .map(({ name }) => ({
        subject: name,
        ...(isShutOnPurpose(seen) ? { severity: 'info' as const } : {}),
        message: `The policy '${name}' lists no host: every registration is refused (Policy 'Trusted Hosts' rejected request).`,
        fix: harden(seen),
      })),
};

const missing: Rule = {
  code: 'TRUSTED_HOST_MISSING',
  severity: 'error',
  needs: ['registrationPolicies', 'scopes', 'clientPolicies'],
  explanation: {
    what: "The Trusted Hosts policy lacks hosts of a product or of the MCP server. It is an error where the product registers with a URI at such a host: one foreign URI refuses the whole registration ('URI doesn’t match any trusted host or trusted domain'). It is a warning where the product only may use the host (another edition, app review), or for the MCP server’s own host.",
    cause:
      'The product was never allowed here, its vendor moved it to another host, or the entry is spelled otherwise: Keycloak tells upper and lower case apart.',
    fix: 'mcpkc trusted-hosts --preset <product>, or --add <host>. mcpkc presets <product> shows where the hosts are from.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find(seen) {
    const lists = policies(seen).filter(({ hosts, clientUrisMatch }) => hosts.length > 0 && clientUrisMatch);
    return lists.flatMap(({ hosts }) => {
      const own = missingServers(seen, hosts);
      // The command that adds a server's own host adds those of the products as well: one clears both.
      const all = own[0]?.fix;
      return [...listRegistering(seen).flatMap((preset) => missingOf(seen, preset, hosts, all)), ...own];
    });
  },
};

/** Hosts in a product's registration: those of its redirect URIs and its home page. */
function neededHosts({ registration }: Preset): string[] {
  const { redirect_uris: redirects, client_uri: home } = registration;
  const uris = home === undefined ? redirects : [...redirects, home];
  return [...new Set(uris.map((uri) => new URL(uri).hostname))];
}

function missingOf(seen: Seen, preset: Preset, hosts: readonly string[], all: Fix | undefined): Found[] {
  const { name, title, trustedHosts } = preset;
  const needed = neededHosts(preset).filter((host) => !isTrustedHost(hosts, host));
  const others = trustedHosts.filter((host) => !isTrustedHost(hosts, host) && !needed.includes(host));
  const fix = all ?? trustHosts(seen, { presets: [name] });
  if (needed.length > 0) {
    const message = `Trusted Hosts lacks ${[...needed, ...others].join(', ')}: ${title}’s registration is refused ("URI doesn't match any trusted host").`;
    return [{ subject: title, message, fix }];
  }
  if (others.length === 0) return [];
  const message = `Trusted Hosts lacks ${others.join(', ')}, which ${title} may register from too.`;
  return [{ subject: title, message, fix, severity: 'warning' }];
}

/** The patterns that mcpkc's client policy holds redirect URIs to; undefined where it is off or holds none. */
function heldPatterns(seen: Seen): string[] | undefined {
  const { profiles, policies: all } = requireShown(seen.parts.clientPolicies);
  const isOn = all.some(({ name, enabled }) => name === OWN_POLICY.registrations && enabled !== false);
  return isOn ? patternsOf(profiles.find(({ name }) => name === OWN_POLICY.registrations)) : undefined;
}

/** The MCP server's own host belongs in the list where patterns keep anything from registering there. */
function missingServers(seen: Seen, hosts: readonly string[]): Found[] {
  if (heldPatterns(seen) === undefined) return [];
  return listServers(seen).flatMap((judged): Found[] => {
    const host = judged.resource === undefined ? undefined : trustedHost(judged.resource);
    if (host === undefined || isTrustedHost(hosts, host)) return [];
    const message = `Trusted Hosts lacks ${host}, the MCP server’s own host: a registration that names it as its home page is refused.`;
    return [{ subject: host, message, fix: repair(seen, judged), severity: 'warning' }];
  });
}

const senderMatch: Rule = {
  code: 'SENDER_MATCH_ON',
  severity: 'error',
  needs: ['registrationPolicies'],
  explanation: {
    what: "Trusted Hosts demands that the registration comes from one of the listed hosts ('Host Sending Registration Request Must Match'). ChatGPT’s requests come from changing addresses, an editor’s from the user’s machine: all are refused ('Host not trusted').",
    cause: 'It is on in every new realm.',
    fix: 'mcpkc trusted-hosts --preset <product> switches it off and leaves the check of redirect URIs on, in one write: Keycloak refuses both off.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    policies(seen)
      .filter((policy) => policy.senderMatch && !isShut(seen) && listRegistering(seen).length > 0)
      .map(({ name }) => ({
        subject: name,
        message: `The policy '${name}' demands that registrations are sent from a trusted host: ChatGPT’s come from changing addresses and are refused ('Host not trusted').`,
        fix: trustHosts(seen),
      })),
};

const urisMatchOff: Rule = {
  code: 'CLIENT_URIS_MATCH_OFF',
  severity: 'warning',
  needs: ['registrationPolicies'],
  explanation: {
    what: "Trusted Hosts doesn’t look at redirect URIs ('Client URIs Must Match' is off): anybody who may register can have sign-ins end at any address, and so collect codes and tokens.",
    cause: 'It was switched off to let a product register whose hosts were not listed.',
    fix: 'mcpkc trusted-hosts --preset <product> lists the product’s hosts and switches it on.',
    sources: [REGISTRATION_GUIDE, SEEN],
  },
  find: (seen) =>
    policies(seen)
      .filter((policy) => !policy.clientUrisMatch)
      .map(({ name }) => ({
        subject: name,
        message: `The policy '${name}' doesn’t check redirect URIs: sign-ins may end anywhere.`,
        fix: trustHosts(seen),
      })),
};

const tooWide: Rule = {
  code: 'TRUSTED_HOSTS_TOO_WIDE',
  severity: 'warning',
  needs: ['registrationPolicies', 'scopes'],
  explanation: {
    what: 'An entry of Trusted Hosts covers hosts that anybody can get: *.com is every .com host, *.github.io every GitHub page. (A lone * is a plain name to Keycloak 26.7.3 and trusts nothing, but anybody who wrote it meant everything.)',
    cause: 'The entry was written to let one product in.',
    fix: 'mcpkc trusted-hosts --remove <entry>, with --preset or --add for the hosts that are really meant.',
    sources: [REGISTRATION_GUIDE, 'https://publicsuffix.org/', SEEN],
  },
  find: (seen) =>
    policies(seen).flatMap(({ name, hosts }) => {
      const wide = hosts.filter(isTooWide);
      if (wide.length === 0) return [];
      const message = `The policy '${name}' lists ${wide.join(', ')}, which anybody can get a host under.`;
      const fix = trustHosts(seen, { flags: [['--remove', typedList(wide)]] });
      return [{ subject: name, message, fix }];
    }),
};

/** Rules about the policy that decides whose clients may register. */
export const hosts: RuleGroup = {
  title: 'Trusted Hosts',
  rules: [policyMissing, empty, senderMatch, missing, urisMatchOff, tooWide],
};
