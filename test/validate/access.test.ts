import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { startMinimalStateless } from '../support/hosts/minimal-stateless.ts';
import type { TestHost } from '../support/hosts/serve.ts';
import { audienceScope } from '../support/onboarding.ts';
import { addRole, grant, roleIn } from '../support/people.ts';
import { scopeIn } from '../support/realm-things.ts';
import { adoptedConnector, newStage, SCOPE, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 240_000 });

/** Maps a role on a scope as an operator does in the console. */
async function byHand(stage: Stage, scope: string, role: string): Promise<void> {
  const found = await scopeIn(stage.realm, scope);
  const path = stage.realm.path(`client-scopes/${found?.id}/scope-mappings/realm`);
  await stage.realm.admin.post(path, [await roleIn(stage.realm, role)]);
}

describe.each(['standing', 'adopted'] as const)(
  'a server that somebody bound to a role by hand, %s',
  (mode) => {
    let stage: Stage;
    let host: GoodHost;

    beforeAll(async () => {
      stage = await newStage(`access-${mode}`);
      host = await startGoodHost(stage.setup);
      const args = mode === 'adopted' ? ['--attach', 'none'] : [];
      await stage.provisionWhole(host.url, args);
      if (mode === 'adopted') await adoptedConnector(stage, host.url);
      await addRole(stage.realm, 'finance');
      const carrier = mode === 'adopted' ? (await audienceScope(stage.realm, SCOPE))?.name : SCOPE;
      await byHand(stage, carrier ?? '', 'finance');
    });
    afterAll(async () => {
      await host.stop();
      await stage.remove();
    });

    it('nobody who may: what can’t be proved is said, and not blamed on the mapper', async () => {
      const run = await stage.validate(host.url);
      expect(run.check('TOK-AUD')).toMatchObject({ outcome: 'not-run' });
      expect(run.check('TOK-AUD').message).toContain(
        'Nobody was found who may use this server (role finance)',
      );
    });

    it('with somebody who may: nothing fails, and somebody without the role gets no audience', async () => {
      await grant(stage.realm, 'users', stage.user.id, 'finance');
      const run = await stage.validate(host.url);
      expect(run.ids('fail')).toEqual([]);
      expect(run.check('TOK-AUD').outcome).toBe('pass');
      expect(run.check('TOK-ROLE')).toMatchObject({ outcome: 'pass' });
      expect(run.check('TOK-ROLE').message).toContain('takes the role finance');
    });

    it('who may not is named as such', async () => {
      const bob = await stage.realm.createUser({ username: 'bob' });
      expect(bob.username).toBe('bob');
      const run = await stage.validate(host.url, ['--user', 'bob']);
      expect(run.ids('fail')).toEqual(['TOK-AUD']);
      expect(run.check('TOK-AUD').message).toContain(
        'bob may not use this server: that takes the role finance',
      );
      expect(run.check('TOK-AUD').fix).toContain(`mcpkc access ${host.url}`);
    });
  },
);

describe.each(['standing', 'adopted'] as const)(
  'a restricted server that refuses tokens without its scope, %s',
  (mode) => {
    let stage: Stage;
    let host: TestHost;

    beforeAll(async () => {
      stage = await newStage(`demanding-${mode}`);
      host = await startMinimalStateless({ ...stage.setup, advertisedScopes: [SCOPE] });
      const args = mode === 'adopted' ? ['--attach', 'none'] : [];
      await stage.provisionWhole(host.url, args);
      if (mode === 'adopted') await adoptedConnector(stage, host.url);
      await stage.access(host.url, '--role', 'finance');
      await grant(stage.realm, 'users', stage.user.id, 'finance');
    });
    afterAll(async () => {
      await host.stop();
      await stage.remove();
    });

    it('is no failure: the probe’s token can’t have the scope, and products’ tokens do', async () => {
      const run = await stage.validate(host.url);
      expect(
        run.document.checks.filter(({ severity, outcome }) => severity === 'must' && outcome === 'fail'),
      ).toEqual([]);
      expect(run.check('MCP-OPEN')).toMatchObject({
        outcome: 'not-run',
        excused: true,
        message: expect.stringContaining(`demands the scope ${SCOPE}, which takes the role finance`),
      });
      expect(run.check('MCP-TOOLS')).toMatchObject({ outcome: 'not-run', excused: true });
      expect(run.check('MCP-SCOPES').outcome).toBe('pass');
      expect(run.exit).toBe(0);
    });
  },
);
