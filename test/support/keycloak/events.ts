import type { Realm } from './realm.ts';
import type { Representation } from './snapshot.ts';

const PAGE = 100;

/** Turns on that a realm stores events: admin events with their bodies, and user events of these types, or Keycloak's own list. */
export async function switchEventsOn(
  realm: Realm,
  { admin = true, user = false }: { admin?: boolean; user?: boolean | readonly string[] } = {},
): Promise<void> {
  const path = realm.path('events/config');
  const config = await realm.admin.get<Representation>(path);
  await realm.admin.put(path, {
    ...config,
    adminEventsEnabled: admin,
    adminEventsDetailsEnabled: admin,
    eventsEnabled: user !== false,
    ...(Array.isArray(user) ? { enabledEventTypes: user } : {}),
  });
}

/** What administrators changed, mcpkc included, the newest first. Reads leave no event. */
export function adminEvents(realm: Realm): Promise<Representation[]> {
  return allOf(realm, 'admin-events?');
}

/** What users and clients did, the newest first; of one type, if told. */
export function userEvents(realm: Realm, type?: string): Promise<Representation[]> {
  return allOf(realm, type ? `events?type=${encodeURIComponent(type)}&` : 'events?');
}

/** Forgets all events, so that what is there later came later. */
export async function clearEvents(realm: Realm): Promise<void> {
  await realm.admin.del(realm.path('admin-events'));
  await realm.admin.del(realm.path('events'));
}

async function allOf(realm: Realm, query: string): Promise<Representation[]> {
  const all: Representation[] = [];
  for (let first = 0; ; first += PAGE) {
    const page = await realm.admin.get<Representation[]>(realm.path(`${query}first=${first}&max=${PAGE}`));
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
