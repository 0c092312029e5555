import { type Means, NO_WILDCARDS, PATTERNS } from '../../realm/own-policies.ts';
import { POLICY, REGISTRATION_POLICY_TYPE } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { canAccountSee } from '../connection/own-roles.ts';
import { readClientPolicies } from './read.ts';

const SERVER_INFO = { what: 'read the server’s features', role: 'view-realm' } as const;

/** The facts that a server shows of itself to this account. */
export interface ServerFacts {
  /** Visible only to an account with `manage-realm` in its own realm (26.7.3). */
  version: string | undefined;
  /** Names of the features that are on, lower case with dashes, or undefined where none are shown. */
  features: string[] | undefined;
  /** The way in which its client policies can hold redirect URIs; undefined where it shows nothing of them. */
  redirects: Means['redirects'] | undefined;
  /** Settings that its executor for metadata documents knows; undefined where it shows nothing of it. */
  documentSettings?: string[] | undefined;
  /**
   * Whether it knows the policy that lets a page register from the browser (CORS): 26.5.6 and 26.7 do, 26.4.0 doesn't.
   * Undefined where it shows none of its policies.
   */
  listsOrigins?: boolean | undefined;
}

interface ServerInfo {
  systemInfo?: { version?: unknown };
  features?: { name?: unknown; enabled?: unknown }[];
  componentTypes?: Record<string, { id?: string; properties?: { name?: string }[] }[]>;
}

const EXECUTORS = 'org.keycloak.services.clientpolicy.executor.ClientPolicyExecutorProvider';

const CONDITIONS = 'org.keycloak.services.clientpolicy.condition.ClientPolicyConditionProvider';

/** Ids of the conditions and executors of client policies that the server has; undefined where it shows none. */
export async function readPolicyProviders(
  keycloak: Keycloak,
): Promise<{ conditions: string[] | undefined; executors: string[] | undefined }> {
  const info = await readInfo(keycloak);
  const ids = (type: string) => info.componentTypes?.[type]?.flatMap(({ id }) => id ?? []);
  return { conditions: ids(CONDITIONS), executors: ids(EXECUTORS) };
}

/**
 * The servers' own descriptions, by run: the same for every realm as long as a server runs, and asked for once, since it
 * is long.
 */
const asked = new WeakMap<object, Map<string, Promise<ServerInfo>>>();

async function readInfo(keycloak: Keycloak): Promise<ServerInfo> {
  const { run, server, realm, accountRealm } = keycloak;
  const all = asked.get(run) ?? new Map<string, Promise<ServerInfo>>();
  asked.set(run, all);
  // Other accounts don't see the version.
  const seesVersion = realm === accountRealm && (await canAccountSee(keycloak, 'manage-realm'));
  const key = JSON.stringify([server, seesVersion]);
  const known = all.get(key);
  if (known) return known;
  const asking = keycloak.read(SERVER_INFO, (admin) => admin.serverInfo.find()) as Promise<ServerInfo>;
  all.set(key, asking);
  // A failure is not the server's description.
  asking.catch(() => all.delete(key));
  return asking;
}

/** Reads the server's version, features, and what its client policies can do. */
export async function readServerFacts(keycloak: Keycloak): Promise<ServerFacts> {
  const info = await readInfo(keycloak);
  const { systemInfo, features } = info;
  const version = typeof systemInfo?.version === 'string' ? systemInfo.version : undefined;
  const on = features
    ?.filter(({ enabled }) => enabled === true)
    .map(({ name }) => String(name).toLowerCase().replaceAll('_', '-'));
  const redirects = info.componentTypes?.[EXECUTORS] && redirectsOf(info);
  const executor = info.componentTypes?.[EXECUTORS]?.find(({ id }) => id === 'client-id-metadata-document');
  const documentSettings = executor?.properties?.map(({ name }) => String(name));
  const listsOrigins = info.componentTypes?.[REGISTRATION_POLICY_TYPE]?.some(
    ({ id }) => id === POLICY.webOrigins,
  );
  return { version, features: on, redirects, documentSettings, listsOrigins };
}

/** Begins to read them beside other requests, for a command that asks for them later. Its failure is that question's. */
export function readServerFactsAhead(keycloak: Keycloak): void {
  readInfo(keycloak).catch(() => {});
}

/** Whether a version such as `26.7.3` is at least another; undefined where it can't be read. */
export function isAtLeast(
  version: string | undefined,
  least: readonly [number, number, number],
): boolean | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? '')
    ?.slice(1)
    .map(Number);
  if (!parts) return undefined;
  for (const [index, number] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}

/**
 * The abilities of the server's client policies. Executors and their settings stand in the description that it shows to
 * every account (26.4.0, 26.7.4). A write that every server refuses shows whether policies have a mode. With `ask` off
 * (`--dry-run`) the version shows that; unknown where the account can't see it.
 */
export async function readMeans(keycloak: Keycloak, ask: boolean): Promise<Means> {
  const info = await readInfo(keycloak);
  const strict = ask
    ? await asksStrictPolicies(keycloak)
    : isAtLeast(String(info.systemInfo?.version), [26, 7, 0]);
  return { redirects: redirectsOf(info), strict };
}

/** By the executor whose settings are all there: one that is unknown would be stored and ignored. */
function redirectsOf(info: ServerInfo): Means['redirects'] {
  const has = (id: string, settings: readonly string[]) => {
    const found = info.componentTypes?.[EXECUTORS]?.find((one) => one.id === id);
    return settings.every((name) => found?.properties?.some((property) => property.name === name));
  };
  if (has(PATTERNS.executor, Object.keys(PATTERNS.settings))) return 'patterns';
  return has(NO_WILDCARDS.executor, Object.keys(NO_WILDCARDS.settings)) ? 'no-wildcards' : 'none';
}

/**
 * Whether client policies have a `mode` (since 26.7.0): the server is asked with a policy that no version accepts beside those of the
 * realm. An old one stumbles over the unknown field, a new one over the missing name; neither writes anything.
 */
async function asksStrictPolicies(keycloak: Keycloak): Promise<boolean> {
  const nameless = { mode: 'STRICT', enabled: false, conditions: [], profiles: [] };
  const body = { policies: [...(await readClientPolicies(keycloak)), nameless] };
  try {
    await keycloak.replace(
      { what: 'ask whether client policies have a mode', role: 'manage-realm' },
      (admin) =>
        admin.clientPolicies.updatePolicy(body as Parameters<typeof admin.clientPolicies.updatePolicy>[0]),
    );
    return true;
  } catch (error) {
    const answer = (error as { details?: { answer?: unknown } }).details?.answer;
    if (statusOf(error) !== 400) throw error;
    return !/unrecognized field "?mode/i.test(String(answer));
  }
}
