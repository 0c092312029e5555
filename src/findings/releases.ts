import type { PartName } from '../keycloak/read/status-parts.ts';
import { AUDIENCE_MAPPER } from '../realm/representations.ts';
import { ADMIN_API_SCOPE } from '../realm/roles.ts';
import { repairAccount } from './account.ts';
import type { FindingSeverity, Fix, Found } from './finding.ts';
import { atKeycloak } from './fixes.ts';
import { listServers, requireShown, type Seen } from './seen.ts';

/** A release of Keycloak, such as 26.8.2; compared number by number. */
export type Release = readonly [major: number, minor: number, patch: number];

/** A change in a release of Keycloak that mcpkc or its MCP servers meet. */
export interface ReleaseFact {
  /** The first release with it. */
  from: Release;
  change: string;
  /** The change's meaning for mcpkc, as a sentence. */
  means: string;
  /**
   * Basis of the fact. `seen`: tests of mcpkc ran on such a server. `read`: Keycloak's guides or issues show it, and it
   * was rehearsed at most.
   */
  certainty: 'seen' | 'read';
  /** Parts that must be visible to tell whether this realm is concerned. */
  needs?: readonly PartName[];
  /** Finds what breaks in this realm with the change; absent where nothing that is set up can break. */
  breaks?(seen: Seen): Found[];
}

/** One thing that breaks when a server is upgraded. */
export interface Breakage {
  from: string;
  severity: FindingSeverity;
  subject: string;
  message: string;
  fix: Fix;
}

function holds({ parts: { token } }: Seen, ...anyOf: readonly string[]): boolean | undefined {
  if (token.superuser) return true;
  return token.roles?.some((role) => anyOf.includes(role));
}

/** Every fact, oldest first. docs/compatibility.md prints this list, `status --for` judges by it. */
export const RELEASE_FACTS: readonly ReleaseFact[] = [
  {
    from: [26, 5, 6],
    change: 'Reading the members of a role takes view-users beside view-realm.',
    means: 'The account that init makes has both.',
    certainty: 'seen',
  },
  {
    from: [26, 5, 6],
    change:
      "Registration answers browsers (CORS), and the policy 'Allowed Registration Web Origins' lists the Origins that may register. 26.4.0 has neither.",
    means:
      'A product whose page registers from the browser can’t connect before; status and validate name it (REGISTRATION_ORIGINS_MISSING, REG-ORIGIN).',
    certainty: 'seen',
  },
  {
    from: [26, 6, 0],
    change:
      'A registration is answered with the token_endpoint_auth_method that it asked for. 26.4.0 and 26.5.6 answer client_secret_basic to client_secret_post.',
    means: 'validate compares the answer with what the product asked for (REG-PLAIN, TOK-CODE).',
    certainty: 'seen',
  },
  {
    from: [26, 7, 0],
    change: 'Client policies have a mode; STRICT demands every condition.',
    means:
      'create-scope refuses tokens without a user to what registered itself; before, it reports that it can’t.',
    certainty: 'seen',
  },
  {
    from: [26, 7, 0],
    change: 'A disabled client can’t update itself with its registration access token.',
    means: 'prune-clients can disable for good; on 26.4 such a client can enable itself.',
    certainty: 'seen',
  },
  {
    from: [26, 7, 0],
    change: 'Client id metadata documents and resource indicators can be switched on (experimental).',
    means: 'status and validate warn where they stop connectors.',
    certainty: 'seen',
  },
  {
    from: [26, 7, 5],
    change: 'Disabled clients leave aud and resource_access of tokens.',
    means:
      'An audience that comes from a client (included client audience) ends when that client is disabled.',
    certainty: 'read',
    needs: ['scopes'],
    breaks: (seen) =>
      listServers(seen).flatMap(({ scope: name, scopes: { named } }) => {
        const clients = named.mappers
          .filter(({ protocolMapper }) => protocolMapper === AUDIENCE_MAPPER)
          .flatMap(({ config }) => config['included.client.audience'] || []);
        if (clients.length === 0) return [];
        const message = `The scope '${name}' takes its audience from the client ${clients.map((one) => `'${one}'`).join(', ')}: while that client is disabled, tokens have no audience.`;
        const fix = atKeycloak(
          'Keep the client enabled, or let the mapper name the MCP server’s URL instead.',
        );
        return [{ subject: name, message, fix, severity: 'warning' as const }];
      }),
  },
  {
    from: [26, 8, 0],
    change: 'Client secrets read as ********** without the right to manage the client.',
    means:
      'A mask is never kept in a backup nor written back; prune-clients stops before it deletes such a client.',
    certainty: 'read',
  },
  {
    from: [26, 8, 0],
    change: 'Lists of a client’s sessions leave out users that the account may not view.',
    means: 'mcpkc counts sessions for the whole realm, and calls no list empty without view-users.',
    certainty: 'read',
    breaks: (seen) =>
      holds(seen, 'view-users', 'manage-users') === false
        ? [
            {
              subject: seen.account,
              message: `The account '${seen.account}' lacks the role view-users: sessions would be hidden from it.`,
              fix: repairAccount(seen),
              severity: 'warning',
            },
          ]
        : [],
  },
  {
    from: [26, 8, 0],
    change: 'Lists of a client’s scopes are empty without the right to view client scopes.',
    means: 'An empty list is no proof; the account that init makes may view all of them.',
    certainty: 'read',
    breaks: (seen) =>
      holds(seen, 'view-clients', 'manage-clients') === false
        ? [
            {
              subject: seen.account,
              message: `The account '${seen.account}' has neither view-clients nor manage-clients: clients would seem to hold no scope.`,
              fix: repairAccount(seen),
            },
          ]
        : [],
  },
  {
    from: [26, 8, 0],
    change:
      "The policy 'Allowed Client Scopes' can add the realm’s defaults to registrations that name scopes.",
    means:
      'Off unless switched on. status reads the option from the server’s own description of its policies.',
    certainty: 'read',
  },
  {
    from: [26, 8, 0],
    change: 'Client policies judge protocol mappers that the admin API writes, administrators’ too.',
    means: 'A refusal names the policy (MAPPER_REFUSED).',
    certainty: 'read',
  },
  {
    from: [26, 8, 0],
    change: 'Client secret rotation is on by default.',
    means: 'Where a client policy rotates secrets, the account’s secret expires, too.',
    certainty: 'read',
    needs: ['clientPolicies'],
    breaks(seen) {
      const { policies, profiles } = requireShown(seen.parts.clientPolicies);
      const rotating = profiles
        .filter(({ executors = [] }) => executors.some(({ executor }) => executor === 'secret-rotation'))
        .map(({ name }) => name);
      return policies
        .filter(
          ({ enabled, profiles: own = [] }) => enabled !== false && own.some((one) => rotating.includes(one)),
        )
        .map(({ name }) => ({
          subject: name,
          message: `The client policy '${name}' rotates client secrets: from 26.8 on without a feature switched on for it, and mcpkc’s own secret may expire by it.`,
          fix: atKeycloak(
            `Exempt the client '${seen.account}' from the policy, or renew its secret in time: mcpkc init --rotate-secret`,
          ),
          severity: 'warning' as const,
        }));
    },
  },
  {
    from: [26, 8, 2],
    change: `The admin API takes only tokens whose aud names it; the new client scope ${ADMIN_API_SCOPE} does that, and the upgrade assigns it to admin-cli and security-admin-console alone.`,
    means:
      'Every command is 401 until mcpkc init has run once after the upgrade; the message names that command.',
    certainty: 'read',
    breaks(seen) {
      if (seen.parts.token.isForAdminApi) return [];
      const message = `The upgrade assigns the scope ${ADMIN_API_SCOPE} to admin-cli and security-admin-console alone: every command of '${seen.account}' is then refused (401). The scope comes with the upgrade, so run the fix right after it.`;
      return [{ subject: seen.account, message, fix: repairAccount(seen) }];
    },
  },
  {
    from: [26, 8, 2],
    change: 'Writing protocol mappers takes manage-realm beside manage-clients.',
    means: 'The account that init makes has both; an error names the one that is missing.',
    certainty: 'read',
    breaks: (seen) =>
      holds(seen, 'manage-clients') === true && holds(seen, 'manage-realm') === false
        ? [
            {
              subject: seen.account,
              message: `The account '${seen.account}' has manage-clients and not manage-realm: it could make no audience mapper (403).`,
              fix: repairAccount(seen),
            },
          ]
        : [],
  },
  {
    from: [26, 8, 2],
    change:
      "Registrations can’t bring default roles, and those with a token are held to 'Full Scope Disabled'.",
    means: 'Nothing of mcpkc’s depends on it.',
    certainty: 'read',
  },
];

/** Parses `26.8` as the newest release of that line, `26.8.2` as it is; undefined where it is not a version. */
export function parseRelease(text: string): Release | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch] = match;
  return [Number(major), Number(minor), patch === undefined ? Number.POSITIVE_INFINITY : Number(patch)];
}

/** Compares two releases: below 0 where `a` is the older one, 0 where they are the same. */
export function compareReleases(a: Release, b: Release): number {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** The release as text: `26.8.2`. */
export const releaseText = (release: Release): string =>
  release.filter((number) => Number.isFinite(number)).join('.');

/** The newest release that the list has a fact about. */
export const NEWEST_KNOWN: Release = RELEASE_FACTS.map(({ from }) => from).reduce((a, b) =>
  compareReleases(a, b) < 0 ? b : a,
);

/** Effects of an upgrade on this realm. */
export interface Upgrade {
  to: string;
  /** This server's release; undefined where the account can't see it, and everything up to `to` was judged. */
  now: string | undefined;
  breakages: Breakage[];
  /** Facts that could not be judged, each with the role that judging needs. */
  unjudged: { from: string; change: string; role: string }[];
  /** The other facts between the two releases: nothing of this realm breaks by them. */
  harmless: { from: string; change: string; means: string }[];
  /** Whether `to` is newer than every release in the list. */
  beyond: boolean;
}

/** Judges the facts between this server's release and another one. */
export function judgeUpgrade(seen: Seen, to: Release, written: string): Upgrade {
  const { server } = seen.parts;
  const now = server.visible ? parseRelease(plainVersion(server.value.version)) : undefined;
  const upgrade: Upgrade = {
    to: written,
    now: now && releaseText(now),
    breakages: [],
    unjudged: [],
    harmless: [],
    beyond: compareReleases(to, [NEWEST_KNOWN[0], NEWEST_KNOWN[1], Number.POSITIVE_INFINITY]) > 0,
  };
  for (const { from, change, means, needs = [], breaks } of RELEASE_FACTS) {
    const ahead = now === undefined || compareReleases(now, from) < 0;
    if (!ahead || compareReleases(from, to) > 0) continue;
    const hidden = needs.map((name) => seen.parts[name]).find(({ visible }) => !visible);
    const since = releaseText(from);
    if (hidden !== undefined && !hidden.visible) {
      upgrade.unjudged.push({ from: since, change, role: hidden.role });
      continue;
    }
    const found = breaks?.(seen) ?? [];
    if (found.length === 0) upgrade.harmless.push({ from: since, change, means });
    upgrade.breakages.push(...found.map((one) => ({ severity: 'error' as const, ...one, from: since })));
  }
  return upgrade;
}

/** The release `26.7.4` of `26.7.4.redhat-00001`, and of a server's nightly build `26.8.0-SNAPSHOT`. */
function plainVersion(version: string | undefined): string {
  return /^\d+\.\d+\.\d+/.exec(version ?? '')?.[0] ?? '';
}
