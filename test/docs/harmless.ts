import { inject } from 'vitest';

/** The line as it can be run here: on this server, dry where it writes on its own. */
export function harmless(words: readonly string[], realm: string): { args: string[]; statuses: number[] } {
  const { url, adminUser } = inject('keycloak');
  const here: Record<string, string> = {
    $CLIENT_ID: 'connector',
    'https://auth.example.com': url,
    tools: realm,
    admin: adminUser,
  };
  const args = words.map((word) => here[word] ?? word.replace(/^'(.*)'$/, '$1'));
  const [name] = args;
  const writes =
    ['create-scope', 'onboard', 'trusted-hosts'].includes(name ?? '') && !args.includes('--close');
  const changesAccess = name === 'access' && args.length > 2 && !args.includes('--json');
  const ends = name === 'connections' && args.includes('--revoke');
  // Nobody is connected here, and the account may not write what people hold: that is said with an exit status of its own.
  if (changesAccess || ends || (name === 'allow' && !args.includes('--list')))
    return { args: [...new Set([...args, '--dry-run'])], statuses: [0, 1, 4] };
  if (writes) return { args: [...new Set([...args, '--dry-run'])], statuses: [0, 1] };
  // Its account serves the other lines, with its secret.
  if (args.includes('--key'))
    return { args: [...new Set([...args, '--admin-user', adminUser, '--dry-run'])], statuses: [1] };
  // Without a terminal nobody is asked who the administrator is.
  if (name === 'init' && !args.includes('--admin-user'))
    return { args: [...args, '--admin-user', adminUser], statuses: [0] };
  // There is no such MCP server: that is the answer.
  if (name === 'validate') return { args: [...args, '--request-timeout', '2s'], statuses: [1, 3] };
  return { args, statuses: name === 'status' ? [0, 1] : [0] };
}
