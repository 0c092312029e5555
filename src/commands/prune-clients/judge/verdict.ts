import { DAY, durationText, formatMoment } from '../../../duration.ts';
import { birthOf, SKEW_MS } from './birth.ts';
import { DEMANDED, type OrphanEvidence, type Sign, signOfLife } from './evidence.ts';

/**
 * The verdict on a client. `foreign`: not mcpkc's to judge (a person disabled it, too). `shielded`: somebody asked to
 * keep it. `alive`: it worked once. `unsettled`: too young, or tried a short while ago. `unknown`: a proof is missing.
 * `orphan`: proof of age and proof of no use since it was made. `accepted`: no use of it is known, and an operator
 * stands for the unproven rest (`--accept-age`).
 */
export type Standing = 'foreign' | 'shielded' | 'alive' | 'unsettled' | 'unknown' | 'accepted' | 'orphan';

export interface Verdict {
  standing: Standing;
  /** The reason, as a clause that goes on after "since". */
  reason: string;
}

/** The wish of the operator. */
export interface Rules {
  now: number;
  olderThanMs: number;
  /** Names of the presets that may be pruned. */
  presets: readonly string[];
}

type Rule = (evidence: OrphanEvidence, rules: Rules) => Verdict | undefined;

/** A registration's event is stored in the request that makes the client. */
const SAME_MS = 60_000;

const notDynamic: Rule = ({ origin }) =>
  origin.kind === 'other' ? { standing: 'foreign', reason: origin.why } : undefined;

/** The name that `--preset` takes for clients that are no product's: anybody may register such, also without a redirect URI. */
export const UNRECOGNISED = 'unrecognised';

const otherPreset: Rule = ({ preset }, { presets }) => {
  if (presets.includes(preset ?? UNRECOGNISED)) return undefined;
  const what =
    preset === undefined
      ? `it matches no client preset (--preset ${UNRECOGNISED})`
      : `it belongs to the preset ${preset}`;
  return { standing: 'foreign', reason: `${what}, and only ${presets.join(', ')} may be pruned` };
};

const shielded: Rule = ({ shield }) =>
  shield === undefined ? undefined : { standing: 'shielded', reason: shield };

/** A forged mark shields for a day at most: no run lasts longer, and none begins in the future. */
const runningProbe: Rule = (evidence, { now }) => {
  const { latest } = birthOf(evidence);
  const begun = evidence.probeBegun;
  if (begun === undefined || Math.abs(now - begun) >= DAY) return undefined;
  if (latest !== undefined && now - latest >= DAY) return undefined;
  return { standing: 'shielded', reason: 'it is a probe of a validation that may still run' };
};

const disabledByPerson: Rule = ({ enabled, marks }) =>
  !enabled && marks.stage?.stage !== 'disabled'
    ? { standing: 'foreign', reason: 'a person disabled it' }
    : undefined;

const enabledAgain: Rule = ({ enabled, marks }) =>
  enabled && marks.stage?.stage === 'disabled'
    ? { standing: 'alive', reason: 'a person enabled it again after it had been disabled as an orphan' }
    : undefined;

const alive: Rule = (evidence, { now, olderThanMs }) => {
  const sign = signOfLife(evidence, now);
  if (sign === undefined || isOver(evidence, sign, now - olderThanMs)) return undefined;
  return { standing: 'alive', reason: `${sign.what} (${formatMoment(sign.at)})` };
};

/** A client of a product that registers anew for each sign-in is never used again once its session is over. */
function isOver(
  { isLeftBehind = false }: OrphanEvidence,
  { isPast = false, at }: Sign,
  before: number,
): boolean {
  return isLeftBehind && isPast && at <= before;
}

/** An orphan is never seen trying; one that was marked and is tried later has come alive. */
const tried: Rule = ({ events, marks }, { now, olderThanMs }) => {
  if (!events.readable || events.lastTry === undefined) return undefined;
  const what = `somebody tried to sign in with it at ${formatMoment(events.lastTry)}`;
  if (marks.stage !== undefined && events.lastTry >= marks.stage.at) {
    return { standing: 'alive', reason: `${what}, after it had been ${marks.stage.stage}` };
  }
  return now - events.lastTry < olderThanMs ? { standing: 'unsettled', reason: what } : undefined;
};

const tooYoung: Rule = (evidence, { now, olderThanMs }) => {
  const { latest } = birthOf(evidence);
  if (latest === undefined || now - latest >= olderThanMs) return undefined;
  return {
    standing: 'unsettled',
    reason: `it is younger than ${durationText(olderThanMs)} (made ${formatMoment(latest)})`,
  };
};

const unreadable: Rule = ({ sessions, consents, events }) => {
  for (const [name, source] of Object.entries({ sessions, consents, events })) {
    if (!source.readable) return { standing: 'unknown', reason: `its ${name} are unknown: ${source.why}` };
  }
  return undefined;
};

const ageUnknown: Rule = (evidence) => {
  const { earliest, latest } = birthOf(evidence);
  if (latest === undefined) {
    return { standing: 'unknown', reason: 'nothing tells its age; it is observed from now on' };
  }
  if (earliest !== undefined) return undefined;
  const reason = `nothing tells since when it exists: it is at least from ${formatMoment(latest)}, but its registration is not among the stored events, and no earlier observation missed it`;
  return { standing: 'unknown', reason };
};

const historyTooShort: Rule = (evidence, { now }) => {
  const { events, origin } = evidence;
  const { earliest } = birthOf(evidence);
  if (!events.readable) return { standing: 'unknown', reason: 'its history is unknown' };
  const types = DEMANDED.filter((type) => type !== 'CLIENT_REGISTER');
  if (earliest === undefined || earliest > now) {
    const reaches = types.map((type) => `${type}: ${events.reach[type].why}`).join('; ');
    return { standing: 'unknown', reason: `its history is unknown before that (${reaches})` };
  }
  for (const type of types) {
    const { from, why } = events.reach[type];
    if (from === undefined || from > earliest) {
      return { standing: 'unknown', reason: `events of type ${type} do not cover its whole life: ${why}` };
    }
  }
  const { from } = events.reach.CLIENT_REGISTER;
  if (
    origin.kind === 'dynamic' &&
    events.registered === undefined &&
    from !== undefined &&
    from <= earliest
  ) {
    return {
      standing: 'unknown',
      reason: 'its registration is not among the stored events though they reach back to before it was made',
    };
  }
  return undefined;
};

/** A client id that a registrant may have chosen, and an administrator too: the registration's event tells, if it is this client's. */
const chosenId: Rule = (evidence) => {
  const { isChosen, events, created, marks } = evidence;
  if (!isChosen || !events.readable) return undefined;
  const { registered } = events;
  const unknown = (reason: string): Verdict => ({ standing: 'unknown', reason });
  if (registered === undefined) {
    return unknown(
      'its client id was chosen, and its registration is not among the stored events: an administrator may have made it',
    );
  }
  const after = marks.firstSeen?.after;
  const isAnother =
    created !== undefined
      ? Math.abs(created - registered) > SAME_MS
      : after !== undefined && after - SKEW_MS > registered;
  return isAnother
    ? unknown(
        `what registered with its client id (${formatMoment(registered)}) was another client: this one was made later`,
      )
    : undefined;
};

/** A grant that leaves no session, consent or stored event may be in use all the time. */
const untraced: Rule = (evidence) => {
  const { events, traces } = evidence;
  const { earliest } = birthOf(evidence);
  for (const { grant, event } of traces) {
    if (event === undefined) {
      return { standing: 'unknown', reason: `it may use ${grant}, and nothing shows whether it does` };
    }
    if (!events.readable || earliest === undefined) continue;
    const { from, why } = events.reach[event];
    if (from !== undefined && from <= earliest) continue;
    const reason = `it may use ${grant}, which leaves no session, and events of type ${event} do not cover its whole life: ${why}`;
    return { standing: 'unknown', reason };
  }
  return undefined;
};

/** The rules; the first that matches decides. */
const RULES: readonly Rule[] = [
  notDynamic,
  shielded,
  otherPreset,
  runningProbe,
  disabledByPerson,
  enabledAgain,
  alive,
  tried,
  tooYoung,
  unreadable,
];

/** The further proofs that an orphan needs; an operator may vouch for them, client by client. */
const PROOFS: readonly Rule[] = [chosenId, ageUnknown, historyTooShort, untraced];

/**
 * Judges one client. An orphan needs every proof there is. It registered itself and matches a chosen preset; its age is
 * told. Sessions, consents and events could be read and hold no use of it. And sign-ins (LOGIN) and code exchanges
 * (CODE_TO_TOKEN) are known to have been stored without a break from before it was made until now. A realm's events can
 * be switched off, cleared or expire, so that is proven by three things together. An event from then is still there.
 * The type was on by then (by an event of it, or as mcpkc saw it). Neither mcpkc nor the admin events saw the settings
 * change since.
 */
export function judge(evidence: OrphanEvidence, rules: Rules): Verdict {
  for (const rule of RULES) {
    const verdict = rule(evidence, rules);
    if (verdict) return verdict;
  }
  const unproven = PROOFS.flatMap((rule) => rule(evidence, rules) ?? []);
  const [first] = unproven;
  if (first !== undefined && evidence.acceptedAge === undefined) return first;
  if (first !== undefined) {
    const reasons = unproven.map(({ reason }) => reason).join('; ');
    const said = `an operator accepted its age (${formatMoment(evidence.acceptedAge ?? 0)}), and no use of it is known`;
    return { standing: 'accepted', reason: `${said}. Not proven: ${reasons}` };
  }
  const { latest } = birthOf(evidence);
  const made = latest === undefined ? '' : ` since it was made (${formatMoment(latest)})`;
  const sign = signOfLife(evidence, rules.now);
  if (sign !== undefined) {
    const over = `nobody has a session with it or a consent, its last use is from ${formatMoment(sign.at)}, and its product registers anew for each sign-in`;
    return { standing: 'orphan', reason: over };
  }
  return { standing: 'orphan', reason: `nobody consented to it, signed in with it or has a session${made}` };
}
