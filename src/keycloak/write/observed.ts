import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';

/**
 * The realm role whose attributes hold what earlier runs saw of the realm as a whole. A role because its attributes can
 * be written without touching the realm's own settings.
 */
export const OBSERVED_ROLE = 'mcpkc-observed';

const LOOK = { what: `read the realm role '${OBSERVED_ROLE}'`, role: 'view-realm' } as const;
const WRITE = { what: `write the realm role '${OBSERVED_ROLE}'`, role: 'manage-realm' } as const;

/** What earlier runs saw; times in milliseconds of our clock. */
export interface Observed {
  /** When the last complete look at all clients began, after which each of them carried its first-seen mark. */
  complete: number | undefined;
  /** Event types that were on at every look since that time. */
  on: Readonly<Record<string, number>>;
  /** Event types, and when they were last seen off. */
  off: Readonly<Record<string, number>>;
}

function times(attributes: Record<string, unknown>, prefix: string): Record<string, number> {
  const entries = Object.entries(attributes).flatMap(([name, value]) => {
    const ms = Date.parse(String(Array.isArray(value) ? value[0] : value));
    return name.startsWith(prefix) && !Number.isNaN(ms) ? [[name.slice(prefix.length), ms] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Reads it; empty where no run wrote one. */
export async function readObserved(keycloak: Keycloak): Promise<Observed> {
  const role: unknown = await keycloak.read(LOOK, (admin) =>
    admin.roles.findOneByName({ name: OBSERVED_ROLE }),
  );
  const attributes = ((role as { attributes?: unknown } | null)?.attributes ?? {}) as Record<string, unknown>;
  return {
    complete: times(attributes, 'mcpkc.').complete,
    on: times(attributes, 'mcpkc.on.'),
    off: times(attributes, 'mcpkc.off.'),
  };
}

/** Writes it, replacing what was there; only under the realm's lock. */
export async function writeObserved(keycloak: Keycloak, { complete, on, off }: Observed): Promise<void> {
  const iso = (ms: number) => [new Date(ms).toISOString()];
  const attributes = Object.fromEntries([
    ...(complete === undefined ? [] : [['mcpkc.complete', iso(complete)] as const]),
    ...Object.entries(on).map(([type, ms]) => [`mcpkc.on.${type}`, iso(ms)] as const),
    ...Object.entries(off).map(([type, ms]) => [`mcpkc.off.${type}`, iso(ms)] as const),
  ]);
  const body = { name: OBSERVED_ROLE, description: 'What mcpkc prune-clients saw of this realm', attributes };
  const update = () =>
    keycloak.replace(WRITE, (admin) => admin.roles.updateByName({ name: OBSERVED_ROLE }, body));
  try {
    await update();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await keycloak
      .create(WRITE, (admin) => admin.roles.create(body))
      .catch((failure) => {
        // The answer to an earlier attempt of ours was lost.
        if (statusOf(failure) !== 409) throw failure;
      });
    await update();
  }
}
