import type { Desired } from './desired.ts';

const all = <T>(parts: readonly (readonly T[])[]): T[] => parts.flat();
const each = <T>(parts: readonly (readonly T[])[], keyOf: (one: T) => string): T[] => [
  ...new Map(parts.flat().map((one) => [keyOf(one), one])).values(),
];
const distinct = (parts: readonly (readonly string[])[]): string[] => [...new Set(parts.flat())];
/** A part that is the realm's, or that puts things back: no server's own wish has it. */
const none = () => undefined;

/** The joining of each part of several wishes. Total: a part that is left out fails the type check. */
const JOINED: { readonly [Key in keyof Desired]-?: (parts: Required<Desired>[Key][]) => Desired[Key] } = {
  windowMark: none,
  clientScopes: (parts) => each(parts, ({ name }) => name),
  audienceMappers: all,
  trustedHosts: (parts) => {
    const hosts = parts.flatMap((one) => ('add' in one ? [one] : []));
    const [first] = hosts;
    const [add, remove] = [distinct(hosts.map((one) => one.add)), distinct(hosts.map((one) => one.remove))];
    return first && { ...first, add, remove };
  },
  allowedScopes: (parts) => {
    const scopes = parts.flatMap((one) => ('add' in one ? [one] : []));
    if (scopes.length === 0) return undefined;
    return {
      add: distinct(scopes.map(({ add }) => add)),
      remove: distinct(scopes.map(({ remove }) => remove)),
      defaults: scopes.some(({ defaults }) => defaults),
    };
  },
  registrationOrigins: (parts) => {
    const add = distinct(parts.map((one) => ('add' in one ? one.add : [])));
    return add.length > 0 ? { add } : undefined;
  },
  mapperTypes: none,
  registrations: none,
  userless: none,
  formerPolicies: none,
  rehearsal: none,
  remember: all,
  defaultScopes: (parts) => each(parts, ({ scope }) => scope),
  realmRoles: (parts) => each(parts, ({ name }) => name),
  access: all,
  roleHolders: none,
  resourceClients: all,
  clients: (parts) => each(parts, ({ clientId }) => clientId),
  allowedClients: (parts) => each(parts, ({ clientId }) => clientId),
  assignments: all,
};

/**
 * One wish for several MCP servers of a realm. The entries that each adds to a list are added; a thing that several
 * wish for is wished for once. Only for servers that are provisioned: wishes that put things back (`restore`) are
 * planned one by one.
 */
export function joinWishes(wishes: readonly Desired[]): Desired {
  const parts = (Object.keys(JOINED) as (keyof Desired)[]).map((key): Partial<Desired> => {
    const wished = wishes.flatMap((one) => (one[key] === undefined ? [] : [one[key]]));
    // TypeScript doesn't see that both have the same key.
    const whole = JOINED[key](wished as never);
    return whole === undefined ? {} : { [key]: whole };
  });
  return Object.assign({}, ...parts);
}
