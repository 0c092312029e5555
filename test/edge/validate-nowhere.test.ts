import { describe, expect, it } from 'vitest';
import { expectCli } from '../support/cli.ts';

/** A port of this machine where nothing listens. */
const NOWHERE = 'http://127.0.0.1:9/mcp';

interface Results {
  checks: { id: string; outcome: string }[];
}

describe('an MCP server that does not answer, seen from outside', () => {
  it('fails for that alone: nothing of an issuer that nobody names is judged', async () => {
    const ran = await expectCli(3, ['validate', NOWHERE, '--outside', '--json'], {});
    const checks = ran.json.checks as Results['checks'];
    const ids = (outcome: string) => checks.filter((one) => one.outcome === outcome).map(({ id }) => id);
    expect(ids('fail').every((id) => id === 'CHAL-401' || id === 'PRM-FOUND')).toBe(true);
    expect(ids('fail')).not.toEqual([]);
    expect(ids('not-run')).toEqual(expect.arrayContaining(['ASM-FOUND', 'ASM-ENDPOINTS', 'REG-PLAIN']));
  });
});
