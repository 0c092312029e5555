import type { Context } from '../../cli/command.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { type Observed, writeObserved } from '../../keycloak/write/observed.ts';
import { updateClient } from '../../keycloak/write/write-pruned.ts';
import type { Judged } from './judge/audit.ts';
import { isObserved } from './judge/candidate.ts';
import { DEMANDED, signOfLife } from './judge/evidence.ts';
import { firstSeenText, lastSeenText, PRUNE_ATTRIBUTE } from './judge/marks.ts';
import { progressOf } from './progress.ts';
import type { Scan } from './scan.ts';

/** The marks that a client lacks: when we first saw it, and its last sign of life where that is news. */
function lackingMarks(one: Judged, scan: Scan, now: number): Record<string, string> {
  const { marks } = one.evidence;
  const first = marks.firstSeen ? {} : firstSeen(scan);
  const sign = signOfLife(one.evidence, now);
  const last = sign && lastSeenText(marks.lastSeen, sign.at);
  return last === undefined ? first : { ...first, [PRUNE_ATTRIBUTE.lastSeen]: last };
}

function firstSeen({ startedAt, observed }: Scan): Record<string, string> {
  const { complete } = observed;
  // A clock that was set back would make a look of the future.
  const after = complete !== undefined && complete < startedAt ? complete : undefined;
  return { [PRUNE_ATTRIBUTE.firstSeen]: firstSeenText({ at: startedAt, after }) };
}

/**
 * Writes what was seen: on each client that may have registered itself the marks that it lacks, then, once all carry
 * theirs, that this look was complete. Gives how many clients were marked.
 */
export async function observe(
  { io, voice }: Context,
  keycloak: Keycloak,
  scan: Scan,
  clients: readonly Judged[],
): Promise<number> {
  const now = io.now();
  const todo = clients.flatMap((one) => {
    const attributes = isObserved(one) ? lackingMarks(one, scan, now) : {};
    return Object.keys(attributes).length === 0 ? [] : [{ one, attributes }];
  });
  const onMarked = progressOf(io, voice, 'Marking clients');
  let marked = 0;
  await mapSome(todo, async ({ one, attributes }) => {
    await updateClient(keycloak, one, { attributes });
    marked += 1;
    onMarked(marked, todo.length);
  });
  voice.progress(undefined);
  await writeObserved(keycloak, nextObserved(scan));
  return todo.length;
}

/** What this look adds to what earlier ones saw. A change of the settings makes a type's being on count anew. */
export function nextObserved(scan: Omit<Scan, 'judged' | 'troubles' | 'newestEvent'>): Observed {
  const { observed, startedAt: at, eventsConfig: config, eventsChanged: changed = 0 } = scan;
  if (config === undefined) return { ...observed, complete: at };
  const isOn = (type: string) => config.enabled && config.types.includes(type);
  const since = (known: number | undefined) => (known === undefined || known <= changed ? at : known);
  const on = DEMANDED.filter(isOn).map((type) => [type, since(observed.on[type])]);
  const off = DEMANDED.filter((type) => !isOn(type)).map((type) => [type, at]);
  return { complete: at, on: Object.fromEntries(on), off: { ...observed.off, ...Object.fromEntries(off) } };
}
