import type { Context } from '../../cli/command.ts';
import { DAY } from '../../duration.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { writeRecord } from '../../keycloak/write/record.ts';
import { type HolderLook, idsOf } from '../../realm/record.ts';
import type { Judged } from './judge/audit.ts';
import { isObserved } from './judge/candidate.ts';
import { REACHED, signOfLife } from './judge/evidence.ts';
import type { Observed } from './judge/marks.ts';
import type { Scan } from './scan.ts';

/**
 * Writes down the look, in one request: the clients that are new, the last signs of life, and that this look was
 * complete. The notes on clients that are gone are forgotten. Returns the number of clients of which there was news.
 */
export async function observe(
  { io }: Context,
  keycloak: Keycloak,
  scan: Scan,
  clients: readonly Judged[],
): Promise<number> {
  const { ledger, known, startedAt } = scan;
  const { firstSeen, knownIds, alive, observed } = known.remembered;
  const now = io.now();
  // A clock that was set back would make a look of the future.
  const before =
    observed.complete !== undefined && observed.complete < startedAt ? observed.complete : undefined;
  let news = 0;
  for (const one of clients.filter(isObserved)) {
    // A client with ids that were known was there before as something else, or comes in another's place: its age is
    // unknown.
    const madeSince = knownIds.has(idsOf(one.key)) ? undefined : before;
    ledger.sawFirst(one.key, startedAt, madeSince);
    const sign = signOfLife(one.evidence, now);
    if (sign) ledger.sawAlive(one.key, sign.at);
    const isNews =
      !firstSeen.has(one.key) || (sign !== undefined && sign.at - (alive.get(one.key) ?? 0) >= DAY);
    if (isNews) news += 1;
  }
  ledger.sawAll(clients, nextObserved(scan));
  const look: HolderLook = {
    kind: 'holder-look',
    at: new Date(startedAt).toISOString(),
    clients: scan.judged.length,
    ...scan.holders,
  };
  const { remember = [], forget = [] } = ledger.edit();
  await writeRecord(keycloak, { remember: [...remember, look], forget });
  return news;
}

/**
 * The notes that this look adds to those of earlier ones. A change of the settings makes a type's being on count anew.
 */
function nextObserved(scan: Pick<Scan, 'startedAt' | 'eventsConfig' | 'eventsChanged' | 'known'>): Observed {
  const { known, startedAt: at, eventsConfig: config, eventsChanged: changed = 0 } = scan;
  const { observed } = known.remembered;
  if (config === undefined) return { ...observed, complete: at };
  const isOn = (type: string) => config.enabled && config.types.includes(type);
  const since = (time: number | undefined) => (time === undefined || time <= changed ? at : time);
  const on = REACHED.filter(isOn).map((type) => [type, since(observed.on[type])]);
  const off = REACHED.filter((type) => !isOn(type)).map((type) => [type, at]);
  return { complete: at, on: Object.fromEntries(on), off: { ...observed.off, ...Object.fromEntries(off) } };
}
