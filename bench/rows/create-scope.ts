import { findDistribution } from '../../tools/keycloak/distribution.ts';
import { scratch } from '../measure.ts';
import { mcpkc, yardstick } from '../programs.ts';
import { inTurn } from '../rounds.ts';
import { type Bench, type Line, type Row, ratio, slowdown, times } from '../row.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
/** Without the hardening, which no yardstick does. */
const ARGV = ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--scope', SCOPE, '--no-harden'];

/** `create-scope` from nothing, against the same by bare calls and by the admin CLI that comes with Keycloak. */
export const createScope: Row = {
  name: 'create-scope',
  async measure(bench) {
    return [...(await againstFetch(bench)), ...(await againstKcadm(bench))];
  },
};

async function againstFetch({ rounds, fresh }: Bench): Promise<Line[]> {
  const [ours, same, blind] = await inTurn(
    rounds,
    async () => mcpkc(ARGV, await fresh()),
    async () => yardstick('create-scope-checked.mjs', [RESOURCE, SCOPE], await fresh()),
    async () => yardstick('create-scope.mjs', [RESOURCE, SCOPE], await fresh()),
  );
  if (!ours || !same || !blind) throw new Error('Not everything was measured.');
  const what = '`create-scope` from nothing, whole process';
  return [
    {
      what,
      yardstick: 'the same 42 calls by bare `fetch` in one Node process',
      ...slowdown(ours.ms, same.ms, 1.5),
    },
    {
      what,
      yardstick: 'its 10 writing calls alone, by bare `fetch`',
      ...slowdown(ours.ms, blind.ms, 1.3),
      note: 'What the care costs: the realm is read first, a lock is held, each edit is read back, and the realm is read again at the end. Writing blindly takes a quarter of the calls.',
    },
  ];
}

async function againstKcadm({ rounds, quick, fresh }: Bench): Promise<Line[]> {
  const { home } = await findDistribution();
  const kcadm = async (round: number) => {
    const realm = await fresh();
    const config = scratch(`kcadm-${round}.config`);
    const program = yardstick('create-scope.sh', [RESOURCE, SCOPE, config], realm);
    return { ...program, env: { ...program.env, KEYCLOAK_HOME: home } };
  };
  const [ours, theirs] = await inTurn(
    quick ? 0 : Math.max(1, Math.floor(rounds / 2)),
    async () => mcpkc(ARGV, await fresh()),
    kcadm,
  );
  if (!ours || !theirs) throw new Error('Not everything was measured.');
  const common = { what: '`create-scope` from nothing', yardstick: '`kcadm.sh`, five calls' };
  const faster = theirs.ms.median / ours.ms.median;
  const lines: Line[] = [
    {
      ...common,
      ours: ours.ms,
      theirs: theirs.ms,
      unit: 'ms',
      value: faster,
      shown: `${times(faster)} faster`,
      limit: { least: 10 },
      target: '≥ 10 × faster',
    },
  ];
  if (!ours.mb || !theirs.mb) return lines;
  const memory = ratio(ours.mb, theirs.mb);
  return [
    ...lines,
    {
      ...common,
      ours: ours.mb,
      theirs: theirs.mb,
      unit: 'MB',
      value: memory,
      shown: times(memory),
      limit: { most: 0.5 },
      target: '≤ 0.5 × its memory',
      note: 'A Node process that does nothing but 37 requests with `fetch` takes 88 MB.',
    },
  ];
}
