import { DAY } from '../../duration.ts';
import { ifAllowed } from '../../keycloak/connection/failures.ts';
import { readAllEvents } from '../../keycloak/read/events.ts';
import { writeRecord } from '../../keycloak/write/record.ts';
import { entriesOf, idDigest, type Probed } from '../../realm/record.ts';
import type { Inside } from '../inside.ts';

/** Events that show the address from which the run's requests came (Keycloak 26.7). */
const TYPES = ['CLIENT_REGISTER', 'CLIENT_DELETE', 'CODE_TO_TOKEN_ERROR', 'LOGIN_ERROR', 'CLIENT_LOGIN'];

/** Runs that are over for longer than `status` looks back are forgotten. */
const KEPT_MS = 2 * DAY;

/** The server's clock is known to a second. */
const INEXACT_MS = 1500;

/**
 * Remembers a run of probes, so that what Keycloak refused them isn't counted as somebody's failure. `since` is by the
 * server's clock. In a realm without a record, or for an account that may not write it, nothing is remembered.
 */
export async function rememberRun(
  { keycloak, record }: Pick<Inside, 'keycloak' | 'record'>,
  since: number,
  clientIds: readonly string[],
): Promise<void> {
  if (record.state !== 'proved') return;
  const until = keycloak.serverNow() + INEXACT_MS;
  const remember = async () => {
    const events = await readAllEvents(keycloak, TYPES, since);
    const own = [...clientIds, keycloak.place.account];
    const addresses = events.flatMap(({ clientId, ipAddress }) =>
      clientId !== undefined && ipAddress !== undefined && own.includes(clientId) ? [ipAddress] : [],
    );
    if (addresses.length === 0) return;
    const run: Probed = {
      kind: 'probed',
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      addresses: [...new Set(addresses)].sort(),
      clients: [...new Set(clientIds.map(idDigest))].sort(),
    };
    const forget = entriesOf(record, 'probed').filter((one) => Date.parse(one.until) < until - KEPT_MS);
    await writeRecord(keycloak, { remember: [run], forget });
  };
  await ifAllowed(remember, () => undefined);
}
