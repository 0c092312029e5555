import { mcpkc } from '../programs.ts';
import type { BenchRealm } from '../realms.ts';
import { inTurn } from '../rounds.ts';
import { type Line, type Row, slowdown } from '../row.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const WORSE = 1.2;

/** Commands that have no reason to be slower in a large realm. */
const COMMANDS: readonly { what: string; argv: (round: number) => string[]; note?: string }[] = [
  {
    what: '`create-scope`, second run',
    argv: () => ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE],
  },
  {
    what: '`trusted-hosts --add`',
    argv: (round) => ['trusted-hosts', '--add', `host-${round}.example.com`],
    note: 'Of the large realm 5,000 clients were adopted: the record of that (1 MB) is read four times and written twice. Keycloak counts all clients at each registration, and one is rehearsed.',
  },
  {
    what: '`status`',
    argv: () => ['status', '--resource', RESOURCE],
    note: 'Keycloak on H2 sorts all clients to tell whether there are more than a number (0.1 s). The newest 40 of 5,000 adopted clients are looked at one by one; the small realm has two.',
  },
  {
    what: '`onboard`, events on, its beginning and its end (`--timeout 1s`)',
    argv: () => ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '1s'],
  },
];

/** What takes as long with many clients as with few. */
export const size: Row = {
  name: 'size',
  async measure({ rounds, ...bench }) {
    const [small, large] = [await bench.small(), await bench.large()];
    const lines: Line[] = [];
    for (const { what, argv, note } of COMMANDS) {
      const on = (realm: BenchRealm) => (round: number) => mcpkc(argv(round), realm, [0, 1, 6]);
      const [many, few] = await inTurn(rounds, on(large), on(small));
      if (!many || !few) throw new Error('Not everything was measured.');
      lines.push({
        what: `${what}, ${large.clients.toLocaleString('en')} clients`,
        yardstick: `the same at ${small.clients} clients`,
        ...slowdown(many.ms, few.ms, WORSE),
        ...(note && { note }),
      });
    }
    return lines;
  },
};
