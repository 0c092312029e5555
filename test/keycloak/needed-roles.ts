import type { AdminRole } from '../../src/realm/roles.ts';

/** A command that can't do without a role. */
export const NEEDED_BY: readonly (readonly [role: AdminRole, command: string])[] = [
  ['manage-clients', 'create-scope'],
  ['manage-realm', 'trusted-hosts'],
  ['view-events', 'onboard, waiting'],
  ['view-users', 'onboard'],
];
