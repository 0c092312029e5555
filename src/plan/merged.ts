import type { Desired, DesiredHosts } from './desired.ts';

type Scopes = Extract<Desired['allowedScopes'], { add: string[] }>;

const all = <T>(parts: readonly (readonly T[] | undefined)[]): T[] => parts.flatMap((part) => part ?? []);
const each = <T>(values: readonly T[], keyOf: (one: T) => string): T[] => [
  ...new Map(values.map((one) => [keyOf(one), one])).values(),
];

/**
 * One wish for several MCP servers of a realm. The entries that each adds to a list are added; a thing that several
 * wish for is wished for once. Only for servers that are provisioned: wishes that put things back (`restore`) are
 * planned one by one.
 */
export function together(wishes: readonly Desired[]): Desired {
  const of = <Key extends keyof Desired>(key: Key) => wishes.map((one) => one[key]);
  const hosts = wishes.flatMap(({ trustedHosts }): DesiredHosts[] =>
    trustedHosts && 'add' in trustedHosts ? [trustedHosts] : [],
  );
  const scopes = wishes.flatMap(({ allowedScopes }): Scopes[] =>
    allowedScopes && 'add' in allowedScopes ? [allowedScopes] : [],
  );
  const origins = wishes.flatMap(({ registrationOrigins: wanted }) =>
    wanted && 'add' in wanted ? wanted.add : [],
  );
  const [firstHosts] = hosts;
  return {
    clientScopes: each(all(of('clientScopes')), ({ name }) => name),
    audienceMappers: all(of('audienceMappers')),
    defaultScopes: each(all(of('defaultScopes')), ({ scope }) => scope),
    realmRoles: each(all(of('realmRoles')), ({ name }) => name),
    access: all(of('access')),
    resourceClients: all(of('resourceClients')),
    clients: each(all(of('clients')), ({ clientId }) => clientId),
    allowedClients: each(all(of('allowedClients')), ({ clientId }) => clientId),
    assignments: all(of('assignments')),
    remember: all(of('remember')),
    ...(origins.length > 0 ? { registrationOrigins: { add: [...new Set(origins)] } } : {}),
    ...(firstHosts
      ? {
          trustedHosts: {
            ...firstHosts,
            add: [...new Set(hosts.flatMap(({ add }) => add))],
            remove: [...new Set(hosts.flatMap(({ remove }) => remove))],
          },
        }
      : {}),
    ...(scopes.length > 0
      ? {
          allowedScopes: {
            add: [...new Set(scopes.flatMap(({ add }) => add))],
            remove: [...new Set(scopes.flatMap(({ remove }) => remove))],
            defaults: scopes.some(({ defaults }) => defaults),
          },
        }
      : {}),
  };
}
