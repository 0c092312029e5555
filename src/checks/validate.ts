// biome-ignore-all lint/plugin/clock: the run’s own time limit.
import type { Context } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import { type Config, hasAccount, isIssuerGiven, otherAudiences } from '../config/config.ts';
import { inputError, McpkcError } from '../errors.ts';
import {
  isProxied,
  isSystemAuthorityNeeded,
  makePinnedDispatcher,
  obtainDispatcher,
  requireSafeTransport,
} from '../keycloak/connection/http.ts';
import { findClient } from '../keycloak/read/clients.ts';
import { findHolderNamed } from '../keycloak/read/role-holders.ts';
import { expectedPresets, knownPresets } from '../plan/input.ts';
import type { Preset } from '../products/preset.ts';
import { runMark } from '../products/probe-mark.ts';
import { visible } from '../text.ts';
import { type CheckResult, groupOf } from './check.ts';
import type { Evidence, ValidationTarget } from './evidence.ts';
import { toObject } from './exchange.ts';
import { isPublic } from './guard.ts';
import { CHECKS, STEPS } from './index.ts';
import { type Inside, lookInside } from './inside.ts';
import { judgeAll } from './judge.ts';
import { foretellOutlooks, type Outlook } from './outlook.ts';
import { type MadeClient, Probes, removeClients } from './probe-clients/probes.ts';
import { Recorder } from './recorder.ts';
import { runSteps } from './run.ts';
import type { SavedSignIn } from './saved-sign-in.ts';
import { select } from './select.ts';
import type { Run } from './step.ts';

/** The operator's wish. */
export interface ValidationWish {
  mcp: string;
  /** The products that `--preset` names; undefined where it names none. */
  presets: readonly Preset[] | undefined;
  only: readonly string[];
  skip: readonly string[];
  outside: boolean;
  noRegistration: boolean;
  /** `--client`. */
  client: string | undefined;
  requireUser: boolean;
  manifest: boolean;
  login: boolean;
  /** `--allow-private`. */
  allowPrivate: boolean;
  user: string | undefined;
  token: string | undefined;
  saved: SavedSignIn | undefined;
  keep: ((saved: SavedSignIn) => Promise<void>) | undefined;
}

/** The findings of a run. */
export interface Findings {
  evidence: Evidence;
  results: CheckResult[];
  outlook: Outlook[];
  recorder: Recorder;
  /** Probes that could not be removed. */
  left: string[];
}

/** The time limit of a request to the MCP server or to Keycloak, unless the operator sets another. */
const REQUEST_MS = 10_000;
/** The time limit of a run; one with `--login` outlasts the sign-in's five minutes. */
const RUN_MS = 120_000;
const LOGIN_MS = 6 * 60_000;
/** The time limit of the clean-up, however the run ended. */
const CLEANUP_MS = 30_000;

/** Runs the playbook. However it ends, the clients that it registered are removed. */
export async function validate(context: Context, config: Config, wish: ValidationWish): Promise<Findings> {
  const { io, voice } = context;
  const chosen = select(STEPS, CHECKS, wish);
  const inside = await insideOf(context, config, wish);
  const mark = runMark(io);
  const limit = AbortSignal.timeout(RUN_MS + (wish.login ? LOGIN_MS : 0));
  const signal = AbortSignal.any([context.signal, limit]);
  const recorder = await recorderFor(context, config, wish, mark.runId, signal);
  const probes = new Probes(recorder, mark);
  try {
    const target = await targetOf(config, wish, inside, recorder, mark.runId, io);
    await keepToPublic(context, config, wish, target, recorder);
    if (wish.user !== undefined && inside) await requireUser(inside, wish.user);
    const run: Run = {
      target,
      parts: {},
      recorder,
      probes,
      inside,
      io,
      voice,
      signal,
      since: io.now(),
      user: wish.user,
      login: wish.login,
      wants: (...ids) =>
        ids.some((id) => [...chosen.asked].some((one) => one === id || groupOf({ id: one }) === id)),
      givenToken: wish.token,
      savedSignIn: wish.saved,
      keepSignIn: wish.keep,
    };
    const evidence = await runSteps(STEPS, chosen.steps, run, () => limit.aborted && !context.signal.aborted);
    const results = judgeAll(CHECKS, evidence, chosen.wanted);
    const left = [...(evidence.parts.registration?.swept.left ?? [])];
    // A verdict on a product needs every check: where only a few were chosen, none is made.
    const outlook = wish.only.length > 0 ? [] : foretellOutlooks(CHECKS, evidence);
    return { evidence, results, outlook, recorder, left };
  } finally {
    voice.progress(undefined);
    await cleanUp(context, probes, inside);
  }
}

async function recorderFor(
  { io }: Context,
  config: Config,
  wish: ValidationWish,
  runId: string,
  signal: AbortSignal,
) {
  const given = config.originOf('MCPKC_REQUEST_TIMEOUT') !== undefined;
  const timeoutMs = given ? config.requestTimeoutMs : REQUEST_MS;
  const system = await isSystemAuthorityNeeded(wish.mcp, config, io);
  const recorder = new Recorder({
    runId,
    now: io.now,
    signal,
    timeoutMs,
    dispatcher: await obtainDispatcher(config, io, { system }),
    ...(isProxied(io) ? { lookUp: null } : {}),
    pin: (addresses) => makePinnedDispatcher(config, io, addresses, system),
  });
  const { clientSecret: own, refreshToken } = wish.saved ?? {};
  for (const secret of [config.clientSecret, wish.token, own, refreshToken]) recorder.secrets.keep(secret);
  return recorder;
}

/** The admin side, where there is an account and the operator wants it. */
async function insideOf(context: Context, config: Config, wish: ValidationWish): Promise<Inside | undefined> {
  if (wish.outside || !hasAccount(config)) return undefined;
  requireSafeTransport(config.server, config);
  return lookInside(config, wish.mcp, context.io, context.signal);
}

async function targetOf(
  config: Config,
  wish: ValidationWish,
  inside: Inside | undefined,
  recorder: Recorder,
  runId: string,
  io: Io,
): Promise<ValidationTarget> {
  const issuerGiven = isIssuerGiven(config);
  const ownIssuer = config.realm === undefined ? undefined : await ownWord(config, recorder);
  return {
    mcp: wish.mcp,
    issuer: issuerGiven ? config.issuer : ownIssuer,
    ownIssuer,
    isProxied: isProxied(io),
    issuerGiven,
    presets: wish.presets ?? expectedPresets(inside?.record, wish.mcp, knownPresets(config)),
    allowedOrigins: config.allowedOrigins,
    inside: inside?.server,
    outside: inside === undefined,
    noRegistration: wish.noRegistration,
    client: wish.client === undefined ? undefined : await namedClient(inside, wish.client),
    requireUser: wish.requireUser,
    accepted: [wish.mcp, ...otherAudiences(config, wish.mcp)],
    manifestRequired: wish.manifest,
    runId,
  };
}

/** The client of `--client`, where the admin side has it; one that isn't there ends the run. */
async function namedClient(
  inside: Inside | undefined,
  clientId: string,
): Promise<ValidationTarget['client']> {
  if (inside === undefined) return { clientId, found: undefined };
  const found = await findClient(inside.keycloak, clientId);
  if (found !== undefined) return { clientId, found };
  throw inputError(
    '--client',
    `there is no client '${visible(clientId)}' in realm '${visible(inside.keycloak.realm)}'`,
    'Name the client that was made for the product.',
  );
}

/**
 * Restricts requests to public addresses where the MCP server is public. Any other address is a target that the
 * server's operator chose, on the network of anybody who runs this. The configured Keycloak may be anywhere.
 */
async function keepToPublic(
  { voice }: Context,
  config: Config,
  { mcp, allowPrivate }: ValidationWish,
  { issuer }: ValidationTarget,
  recorder: Recorder,
): Promise<void> {
  if (allowPrivate || !(await isPublic(mcp, recorder.lookUp))) return;
  const said = (key: string) => config.originOf(key) !== undefined;
  const own = [
    said('KC_SERVER') ? config.server : undefined,
    said('KC_HOSTNAME') ? config.hostname : undefined,
    said('KC_ISSUER') ? config.issuer : undefined,
    issuer,
  ];
  recorder.keepToPublic(own.flatMap((url) => (url === undefined ? [] : [new URL(url).origin])));
  if (recorder.lookUp === undefined) {
    voice.warn(
      'Requests go through a proxy, which looks names up: whether metadata leads to private addresses can’t be checked here.',
    );
  }
}

/** The name that Keycloak calls itself at KC_SERVER: with a fixed hostname that is the public name. */
async function ownWord(config: Config, recorder: Recorder): Promise<string | undefined> {
  const url = `${config.server}/realms/${encodeURIComponent(config.realm ?? '')}/.well-known/openid-configuration`;
  const { json } = await recorder.get(url, {
    to: 'keycloak',
    own: true,
    headers: { accept: 'application/json' },
  });
  const { issuer } = toObject(json);
  return typeof issuer === 'string' && URL.canParse(issuer) ? issuer : undefined;
}

async function requireUser({ keycloak }: Inside, name: string): Promise<void> {
  if ((await findHolderNamed(keycloak, 'user', name)) !== undefined) return;
  const message = `There is no user '${name}' in realm '${keycloak.realm}' (--user).`;
  throw new McpkcError('INPUT_INVALID', message, 'Name one that is there, or leave --user out.', {
    details: { culprit: '--user' },
  });
}

/** Removes the run's probes under a signal of its own; names those that stay. */
async function cleanUp({ voice }: Context, probes: Probes, inside: Inside | undefined): Promise<void> {
  await probes.settle();
  const remove = async (clients: readonly MadeClient[]): Promise<string[]> => {
    const ids = clients.map(({ clientId }) => clientId);
    if (!inside || clients.length === 0) return ids;
    const keycloak = inside.keycloak.withSignal(AbortSignal.timeout(CLEANUP_MS));
    return removeClients(keycloak, clients).catch(() => ids);
  };
  const [registered, made] = await Promise.all([probes.removeAll(), remove(probes.made)]);
  const still = [...made, ...(await remove(registered.map((id) => ({ id, clientId: id }))))];
  if (still.length === 0) return;
  voice.warn(
    `Probe clients of this run could not be removed: ${still.join(', ')}. The next run with an account that may (manage-clients) removes them.`,
  );
}
