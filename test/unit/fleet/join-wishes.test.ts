import { expect, it } from 'vitest';
import { joinWishes } from '../../../src/plan/join-wishes.ts';

it('what several servers wish for is wished for once', () => {
  const role = { name: 'finance', description: '', why: '' };
  const hosts = (add: string[]) => ({
    add,
    remove: [],
    matchFlags: { sender: false, clientUris: true },
    createMissing: true,
  });
  const one = joinWishes([
    {
      realmRoles: [role],
      trustedHosts: hosts(['a', 'b']),
      allowedScopes: { add: ['openid'], remove: ['x'], defaults: false },
      defaultScopes: [{ scope: 's', list: 'default' }],
    },
    {
      realmRoles: [role],
      trustedHosts: hosts(['b', 'c']),
      allowedScopes: { add: ['openid'], remove: ['y'], defaults: true },
      defaultScopes: [{ scope: 't', list: 'optional' }],
    },
    // A server without products leaves registration alone.
    { defaultScopes: [{ scope: 'u', list: 'optional' }] },
  ]);
  expect(one).toMatchObject({
    realmRoles: [role],
    trustedHosts: hosts(['a', 'b', 'c']),
    allowedScopes: { add: ['openid'], remove: ['x', 'y'], defaults: true },
    defaultScopes: [{ scope: 's' }, { scope: 't' }, { scope: 'u' }],
  });
  expect(joinWishes([{ defaultScopes: [] }])).not.toHaveProperty('trustedHosts');
  expect(joinWishes([])).not.toHaveProperty('allowedScopes');
});
