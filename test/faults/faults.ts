import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { type Expected, type Fault, isCreation, isToken, type Scene } from './fault.ts';
import type { Position } from './proxy.ts';
import { ACCOUNT_ROLES, ACCOUNT_SECRET, TOKEN_SECONDS } from './scene.ts';

const SHORT_MS = 60;
const everywhere = () => true;
const hasAnswer = ({ hasBody }: Position) => hasBody;
const perhaps = (statuses: readonly number[], message: RegExp): Expected => ({ statuses, message });
const unharmed = perhaps([0], /./);

/** Harmless for what may be sent again; what makes something is given up, and the message says why. */
function harmlessButFor(creation: Expected): (position: Position) => Expected {
  return (position) => (isCreation(position) ? creation : unharmed);
}

/** The proxy's answer instead of the server's, which never sees the request. */
function answers(status: number, once: boolean, message: RegExp, body = 'busy'): Fault {
  return {
    name: `${status} ${once ? 'once' : 'for good'}`,
    lasting: !once,
    fits: everywhere,
    act: async (exchange, control) => {
      const act = async (one: typeof exchange) => one.answer(status, body, { 'content-type': 'text/plain' });
      if (!once) control.always(act);
      await act(exchange);
    },
    expected: once ? harmlessButFor(perhaps([0, 3], message)) : () => perhaps([3], message),
  };
}

const CUT = /cut|refused/;
/** A run that watches, or that cleans up behind itself, tries again; all others give up. */
const UNREADABLE = /could not be read|no token|not a token|not Keycloak’s/;

const connection: Fault[] = [
  {
    name: 'server gone for a moment',
    fits: everywhere,
    act: (_exchange, control) => control.away(SHORT_MS),
    expected: harmlessButFor(perhaps([0, 3], CUT)),
  },
  {
    name: 'server gone for good',
    lasting: true,
    fits: everywhere,
    act: (_exchange, control) => control.away(3_600_000),
    expected: () => perhaps([3], CUT),
  },
  {
    name: 'reset before the request arrived',
    fits: everywhere,
    act: async (exchange) => exchange.cut(),
    expected: harmlessButFor(perhaps([0, 3], CUT)),
  },
  {
    name: 'reset after the request arrived',
    fits: everywhere,
    act: async (exchange) => {
      await exchange.forward();
      exchange.cut();
    },
    expected: harmlessButFor(perhaps([0, 3], CUT)),
  },
  {
    name: 'late',
    fits: everywhere,
    timeout: '900ms',
    act: async (exchange) => {
      const answer = await exchange.forward();
      await new Promise((resolve) => setTimeout(resolve, 1200));
      exchange.pass(answer);
    },
    expected: () => perhaps([0, 3], /did not answer in time/),
  },
];

const statuses: Fault[] = [
  {
    name: '429 with Retry-After',
    fits: everywhere,
    act: async (exchange) => exchange.answer(429, '', { 'retry-after': '1' }),
    expected: () => unharmed,
  },
  {
    name: '500 of two writes at once',
    fits: everywhere,
    act: async (exchange) =>
      exchange.answer(500, '{"error":"unknown_error"}', { 'content-type': 'application/json' }),
    expected: ({ method, path }) =>
      method === 'PUT' && path.includes('/components/') ? unharmed : perhaps([0, 3], /500/),
  },
  answers(502, true, /502/),
  answers(503, true, /503/),
  answers(503, false, /503/),
  {
    name: '504 though the server did it',
    fits: everywhere,
    act: async (exchange) => {
      await exchange.forward();
      exchange.answer(504, '<html>Gateway Timeout</html>', { 'content-type': 'text/html' });
    },
    expected: harmlessButFor(perhaps([0, 3], /504/)),
  },
];

const bodies: Fault[] = [
  {
    name: 'answer cut in the middle',
    fits: hasAnswer,
    act: async (exchange) => exchange.passHalf(await exchange.forward()),
    expected: () => perhaps([0, 3], /cut|could not be read/),
  },
  {
    name: 'invalid JSON',
    fits: hasAnswer,
    act: async (exchange) => {
      const { status, headers, body } = await exchange.forward();
      exchange.pass({ status, headers, body: body.subarray(0, body.length / 2) });
    },
    expected: () => perhaps([0, 3], UNREADABLE),
  },
  {
    name: 'HTML of a proxy',
    fits: hasAnswer,
    act: async (exchange) => exchange.answer(200, '<html>Sign in</html>', { 'content-type': 'text/html' }),
    expected: () => perhaps([0, 3], UNREADABLE),
  },
];

async function setSecret({ realm, account }: Scene, secret: string): Promise<void> {
  await realm.admin.put(realm.path(`clients/${account.id}`), { secret });
}

const tokens: Fault[] = [
  {
    name: 'token expires on the way',
    // An administrator's token is the realm master's, which lives longer.
    fits: (position, { administrator }) => !isToken(position) && !administrator,
    act: async (exchange) => {
      await new Promise((resolve) => setTimeout(resolve, TOKEN_SECONDS * 1000 + 1100));
      exchange.pass(await exchange.forward());
    },
    expected: () => unharmed,
  },
  {
    name: 'token withdrawn',
    fits: (position) => !isToken(position),
    act: async (exchange, control) => {
      control.withdrawTokens();
      exchange.pass(await exchange.forward());
    },
    expected: () => unharmed,
  },
];

const administrators: Fault[] = [
  {
    name: 'secret changed',
    lasting: true,
    later: true,
    fits: (_position, { administrator }) => !administrator,
    act: async (exchange, control, scene) => {
      await setSecret(scene, 'somebody-changed-it');
      control.withdrawTokens();
      exchange.pass(await exchange.forward());
    },
    fix: (scene) => setSecret(scene, ACCOUNT_SECRET),
    expected: () => perhaps([4], /secret/),
  },
  {
    name: 'roles withdrawn',
    lasting: true,
    later: true,
    fits: (position, { administrator }) => !isToken(position) && !administrator,
    act: async (exchange, _control, { realm, account }) => {
      await revokeRoles(realm, account.userId, ACCOUNT_ROLES);
      exchange.pass(await exchange.forward());
    },
    fix: ({ realm, account }) => grantRoles(realm, account.userId, ACCOUNT_ROLES),
    expected: () => perhaps([4], /lacks the role/),
  },
  {
    name: 'somebody else makes it first',
    fits: isCreation,
    act: async (exchange) => {
      await exchange.forward();
      exchange.pass(await exchange.forward());
    },
    expected: () => perhaps([0, 3], /409|did not keep/),
  },
  {
    name: 'client deleted',
    fits: (_position, { victim }) => victim !== undefined,
    act: async (exchange, _control, { realm, victim }) => {
      const { status } = await realm.admin.request('DELETE', realm.path(`clients/${victim}`));
      if (status !== 204) throw new Error(`the victim could not be deleted: ${status}`);
      exchange.pass(await exchange.forward());
    },
    expected: () => perhaps([0, 2, 3], /gone|no client|find client|did not keep/i),
  },
];

/** Everything that the suite injects. */
export const FAULTS: readonly Fault[] = [...connection, ...statuses, ...bodies, ...tokens, ...administrators];

/** The server itself goes down in the middle and comes back with the same data; only for one that is ours. */
export function restart(again: () => Promise<void>): Fault {
  let back: Promise<void> = Promise.resolve();
  return {
    name: 'server restarted',
    lasting: true,
    fits: everywhere,
    act: async (_exchange, control) => {
      await control.away(3_600_000);
      back = again();
      back.catch(() => {});
    },
    fix: () => back,
    expected: () => perhaps([3], CUT),
  };
}
