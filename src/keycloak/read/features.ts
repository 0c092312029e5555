import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { readClientPolicies } from './read.ts';

/** What a server says of itself to this account. */
export interface ServerFacts {
  /** Visible only to an account with `manage-realm` in its own realm (26.7.3). */
  version: string | undefined;
  /** Names of the features that are on, lower case with dashes, or undefined where none are told. */
  features: string[] | undefined;
}

/** Reads the server's version and features. */
export async function readServerFacts(keycloak: Keycloak): Promise<ServerFacts> {
  const info: unknown = await keycloak.read(
    { what: 'read the server’s features', role: 'view-realm' },
    (admin) => admin.serverInfo.find(),
  );
  const { systemInfo, features } = info as {
    systemInfo?: { version?: unknown };
    features?: { name?: unknown; enabled?: unknown }[];
  };
  const version = typeof systemInfo?.version === 'string' ? systemInfo.version : undefined;
  const on = features
    ?.filter(({ enabled }) => enabled === true)
    .map(({ name }) => String(name).toLowerCase().replaceAll('_', '-'));
  return { version, features: on };
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

/** Whether client policies have a `mode` (since 26.7.0); undefined where the version isn't told to this account. */
export async function tellsStrictPolicies(keycloak: Keycloak): Promise<boolean | undefined> {
  const { version } = await readServerFacts(keycloak);
  return isAtLeast(version, [26, 7, 0]);
}

/**
 * The same where the version isn't told: the server is asked with a policy that no version accepts beside those of the
 * realm. An old one stumbles over the unknown field, a new one over the missing name; neither writes anything.
 */
export async function asksStrictPolicies(keycloak: Keycloak): Promise<boolean> {
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
