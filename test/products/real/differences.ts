import type { Recording } from '../recording.ts';

/** What differs between two recordings of a product, a line each; version, day and Keycloak are no difference. */
export function differences(before: Recording, after: Recording): string[] {
  return compare(strip(before), strip(after), '');
}

function strip({ version, recorded, keycloak, ...rest }: Recording): unknown {
  // Versions stand in user agents and client names too.
  return JSON.parse(JSON.stringify(rest).replaceAll(version, '{version}'));
}

function compare(before: unknown, after: unknown, path: string): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => compare(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  const [old, now] = [JSON.stringify(before), JSON.stringify(after)];
  return old === now ? [] : [`${path}: ${old ?? 'absent'} → ${now ?? 'absent'}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
