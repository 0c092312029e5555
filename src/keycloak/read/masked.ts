import { McpkcError } from '../../errors.ts';
import { visible } from '../../text.ts';

/**
 * The text that Keycloak shows in place of a secret that the account may not see (26.8.0; before, in settings of
 * components).
 */
const MASKED_SECRET = '**********';

/** Whether a value is Keycloak's mask, which is no secret: never kept, never written back. */
export function isMasked(value: unknown): boolean {
  return value === MASKED_SECRET;
}

/** SECRET_MASKED (exit status 4): the secret is needed, and `account` may not see it. */
export function secretMaskedError(what: string, account: string): McpkcError {
  return new McpkcError(
    'SECRET_MASKED',
    `Keycloak shows ${what} as ${MASKED_SECRET} only: '${visible(account)}' may not manage that client (Keycloak 26.8 and later).`,
    'Grant the role manage-clients (to mcpkc’s account: mcpkc init), or with fine-grained permissions the right to manage these clients.',
    { details: { role: 'manage-clients' } },
  );
}
