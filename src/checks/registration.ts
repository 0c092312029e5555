import { isLoopback } from '../names/loopback.ts';
import type { Preset } from '../products/preset.ts';
import { requestedScope, type ScopesMet } from '../products/scopes.ts';
import { formatCommand } from '../text.ts';
import { type Check, fail, type Judgement, notRun, pass, skipped, warn } from './check.ts';
import type { InsideServer, ValidationTarget } from './evidence.ts';
import { outcomeOf, toObject } from './exchange.ts';
import { clientSettings } from './named-client.ts';
import type { Registered } from './probe-clients/probes.ts';
import { probeRegistration, type RegistrationEvidence } from './probes/registration.ts';
import { wordsOf } from './product-ways.ts';
import { plainCause, scopeCause } from './registration-causes.ts';
import { judgeBy, type Step, withoutAdmin } from './step.ts';

const DCR = 'RFC 7591 §3; MCP 2026-07-28, Authorization';

/** Keycloak's words for a refusal. */
export function refusalOf({ exchange }: Registered): string {
  const { error_description: description, error } = toObject(exchange.json);
  const words = typeof description === 'string' ? description : typeof error === 'string' ? error : undefined;
  return words === undefined ? outcomeOf(exchange) : `${exchange.status ?? 0}, ${words}`;
}

/** A judge of registrations: skipped where the operator wants none, or no product registers here. */
function registering(
  judge: (evidence: RegistrationEvidence, target: ValidationTarget) => Judgement,
): Check['judge'] {
  return judgeBy('registration', (evidence, { target }) => {
    if (target.noRegistration) return skipped('No client is registered (--no-registration).');
    if (target.client) return skipped('No client is registered (--client).');
    const isUsed = evidence.presets.length === 0 || registrations(evidence).length > 0;
    if (evidence.endpoint === undefined && !isUsed) return skipped(NOT_HERE);
    if (evidence.endpoint === undefined) {
      return fail('The metadata names no registration_endpoint.', {
        cause: 'Client registration is switched off, or a proxy serves metadata of its own.',
      });
    }
    return judge(evidence, target);
  });
}

/** The products that register here, each with its own registration. */
function registrations({ presets }: RegistrationEvidence) {
  return presets.flatMap(({ way, ...rest }) =>
    way.by === 'registration' ? [{ ...rest, own: way.registered }] : [],
  );
}

/** Whether a product's registration was refused for nothing but the scopes in it. */
function isForScopes({ own, plain }: { own: Registered; plain: Registered | undefined }): boolean {
  return own.client === undefined && plain?.client !== undefined;
}

const NOT_HERE =
  'The chosen products don’t register here: they use their documents, or clients made beforehand.';

const plain: Check = {
  id: 'REG-PLAIN',
  title: 'Each product’s registration is accepted',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: DCR,
  cause: 'A registration policy of the realm refuses the request.',
  fix: 'mcpkc trusted-hosts --preset <name>',
  judge: registering((evidence, target) => {
    const all = registrations(evidence);
    if (all.length === 0) return skipped(NOT_HERE);
    const exchanges = all.map(({ own }) => own.exchange);
    for (const one of all) {
      const { preset, own, plain: bare } = one;
      if (isForScopes(one)) continue;
      // Without scopes Keycloak names the policy that is really in the way.
      const refused = own.client === undefined ? (bare ?? own) : undefined;
      if (refused) {
        return fail(`${preset.title}: ${refusalOf(refused)}`, {
          exchanges,
          ...plainCause(refusalOf(refused), preset, target),
        });
      }
      const missing = preset.registration.redirect_uris.find(
        (uri) => !own.client?.redirectUris.includes(uri),
      );
      if (missing !== undefined) {
        return fail(`${preset.title}: registered without its redirect URI ${missing}.`, {
          exchanges,
          cause: 'Something changed the request on its way, or the server dropped the URI.',
          fix: 'Look for a proxy in front of Keycloak that rewrites bodies.',
        });
      }
    }
    const accepted = all.map(({ preset }) => preset.title).join(', ');
    const other = all.find(({ preset, own }) => answersOtherMethod(preset, own));
    if (other) return warn(`201 for ${accepted}. ${otherMethod(other)}`, { exchanges });
    return pass(`201 for ${accepted}.`, { exchanges });
  }),
};

/** Whether a registration was answered with another way to authenticate than it asked for (Keycloak before 26.6). */
function answersOtherMethod({ registration }: Preset, { client }: Registered): boolean {
  return client?.authMethod !== undefined && client.authMethod !== registration.token_endpoint_auth_method;
}

function otherMethod({ preset, own }: { preset: Preset; own: Registered }): string {
  return `${preset.title} asked for ${preset.registration.token_endpoint_auth_method} and was answered ${own.client?.authMethod}, as by Keycloak before 26.6: TOK-CODE shows whether its requests pass.`;
}

const scoped: Check = {
  id: 'REG-SCOPE',
  title: 'Registrations that name scopes, as products do here, are accepted',
  severity: 'must',
  needs: ['REG-PLAIN'],
  spec: 'RFC 7591 §2; MCP 2026-07-28, Authorization',
  cause:
    "Many products name scopes when they register: those of the MCP server, or all that the issuer advertises; the policy 'Allowed Client Scopes' decides.",
  fix: 'mcpkc create-scope --resource <url>',
  judge: registering((evidence, target) => {
    const { named, door } = evidence;
    const all = registrations(evidence);
    if (all.length === 0) return skipped(NOT_HERE);
    const exchanges = [...all.map(({ own }) => own.exchange), named?.registered.exchange, door?.exchange];
    for (const one of all) {
      if (!isForScopes(one)) continue;
      const message = `${one.preset.title} with scope "${one.scope}": ${refusalOf(one.own)}`;
      return fail(message, { exchanges, ...scopeCause(wordsOf(one.scope), evidence.met, target) });
    }
    if (door?.client) {
      return fail('A registration that names the audience scope is accepted.', {
        exchanges,
        cause:
          "The mode is adopted, but 'Allowed Client Scopes' lets everybody name the audience scope: any client can get the audience.",
        fix: formatCommand(['create-scope', ['--resource', target.mcp], ['--attach', 'none']]),
      });
    }
    if (door && !/clientScope/i.test(refusalOf(door))) {
      return fail(
        `A registration that names the audience scope is refused for another reason: ${refusalOf(door)}`,
        { exchanges },
      );
    }
    const sent = all.flatMap(({ preset, scope }) =>
      scope === undefined ? [] : [`${preset.title}: ${scope || 'an empty one'}`],
    );
    const told = sent.length === 0 ? 'The chosen products name none.' : `201 for ${sent.join('; ')}.`;
    const closed = door ? ' The hidden audience scope is refused, as it should.' : '';
    if (named && named.registered.client === undefined) {
      const { cause, fix } = scopeCause(named.scopes, evidence.met, target);
      const names = named.scopes.join(' ');
      return warn(`${told}${closed} Other products may name ${names}: ${refusalOf(named.registered)}`, {
        exchanges,
        ...(cause && { cause }),
        ...(fix && { fix }),
      });
    }
    return pass(`${told}${closed}`, { exchanges });
  }),
};

/** Fetch, "CORS protocol": an answer without it is none that a page sees. */
const ALLOW_ORIGIN = 'access-control-allow-origin';
const WITHOUT_CORS =
  'Keycloak 26.4 answers no browser at its registration endpoint (CORS); 26.5.6 and 26.7 do.';
const TO_HAVE_CORS =
  'Upgrade Keycloak to 26.5.6 or later, or let the product connect through its own server.';

const origin: Check = {
  id: 'REG-ORIGIN',
  title: 'Products whose page registers from the browser are let in',
  severity: 'should',
  needs: ['REG-PLAIN'],
  spec: "Fetch, CORS protocol; Keycloak 26.7, 'Allowed Registration Web Origins'",
  cause:
    "The browser sends the page’s Origin with the registration, and the policy 'Allowed Registration Web Origins' of a stock realm lists none.",
  fix: 'Add the product’s origins to the policy: Clients, Client registration, Anonymous access policies, Allowed Registration Web Origins.',
  judge: registering((evidence) => {
    const tried = registrations(evidence).flatMap(({ preset, own, withOrigin }) => {
      const sent = preset.registersInBrowser === 'always' ? own : withOrigin;
      return sent ? [{ preset, withOrigin: sent }] : [];
    });
    if (tried.length === 0) return skipped('No chosen product registers from a browser at times.');
    const exchanges = tried.map(({ withOrigin }) => withOrigin.exchange);
    const refused = tried.find(({ withOrigin }) => withOrigin.client === undefined);
    const silent = tried.find(({ withOrigin: { exchange } }) => !exchange.headers.has(ALLOW_ORIGIN));
    if (!refused && !silent)
      return pass(`201 with Origin for ${tried.map(({ preset }) => preset.title).join(', ')}.`, {
        exchanges,
      });
    if (!refused) {
      const message = `${silent?.preset.title} from ${silent?.preset.origins[0]}: 201 without ${ALLOW_ORIGIN}, which the browser drops.`;
      return fail(message, { exchanges, cause: WITHOUT_CORS, fix: TO_HAVE_CORS });
    }
    const { preset, withOrigin } = refused;
    return fail(`${preset.title} from ${preset.origins[0]}: ${refusalOf(withOrigin)}`, {
      exchanges,
      fix: `In the admin console, Clients, Client registration, Anonymous access policies, Allowed Registration Web Origins: add ${preset.origins.join(', ')}.`,
    });
  }),
};

const readback: Check = {
  id: 'REG-READBACK',
  title: 'A new client holds the audience scope as the mode wants',
  severity: 'must',
  needs: ['REG-PLAIN', 'REG-SCOPE', 'AUTHZ-SCOPES'],
  spec: 'Keycloak 26.7, default client scopes',
  cause: 'The audience scope is not where new clients get it from.',
  fix: 'mcpkc create-scope --resource <url>',
  judge: registering((evidence, target) => {
    const { inside } = target;
    if (!inside) return withoutAdmin(target);
    const all = registrations(evidence);
    if (all.length === 0) return skipped(NOT_HERE);
    const exchanges = all.map(({ own }) => own.exchange);
    const fix = formatCommand(['create-scope', ['--resource', target.mcp]]);
    if (!inside.scopes.named) {
      return fail(`There is no client scope '${inside.scope}' in the realm.`, {
        exchanges,
        fix,
        cause: 'Nothing in the realm puts the audience of this MCP server into tokens.',
      });
    }
    const held = all.map(({ preset, held: as }) => ({ title: preset.title, as }));
    if (held.some(({ as }) => as === undefined))
      return notRun('A client could not be read back.', 'The account needs view-clients: mcpkc init');
    const facts = { held };
    const shown = held.map(({ title, as }) => `${title}: ${as}`).join(', ');
    if (inside.mode === 'adopted') {
      const leak = held.find(({ as }) => as !== 'none');
      if (!leak)
        return pass('A new client doesn’t hold the audience scope: only adopted clients do.', {
          exchanges,
          facts,
        });
      const cause =
        'The audience scope is in a realm list, so every client gets it: somebody added it there.';
      return fail(`${leak.title}’s new client holds the audience scope as ${leak.as}.`, {
        exchanges,
        cause,
        fix,
      });
    }
    const bad = all.find((one) => lacksScope(one, inside, evidence.met));
    if (!bad) return pass(shown, { exchanges, facts });
    return fail(`${bad.preset.title}’s new client holds '${inside.scope}' as ${bad.held}.`, {
      exchanges,
      ...whyWithout(bad, inside, fix),
    });
  }),
};

type OwnRegistration = ReturnType<typeof registrations>[number];

/** Whether a client of mode standing gets no audience: it doesn't hold the scope, or holds it and doesn't ask for it. */
function lacksScope(
  { preset, own, held }: OwnRegistration,
  { scope }: InsideServer,
  met: ScopesMet,
): boolean {
  if (held !== 'optional') return held === 'none';
  const asked = requestedScope(preset.scopes, met, own.client?.scopes.join(' '));
  return !wordsOf(asked).includes(scope);
}

function whyWithout(
  { scope: named, held }: OwnRegistration,
  inside: InsideServer,
  fix: string,
): Partial<Judgement> {
  const { scope, list } = inside;
  if (held === 'optional') {
    return {
      cause: `'${scope}' is optional, and nothing makes the client ask for it.`,
      fix: `Name '${scope}' in the MCP server’s challenge and scopes_supported, or make it a default: ${fix} --attach default`,
    };
  }
  if (list === 'none') {
    return { cause: `'${scope}' is neither a default nor an optional client scope of the realm.`, fix };
  }
  const names = named === '' ? 'an empty scope' : `"${named ?? ''}"`;
  return {
    cause: `The product registered with ${names}: Keycloak then attaches those scopes in place of the realm’s defaults.`,
    fix: `Name '${scope}' in the MCP server’s challenge and scopes_supported: products then register with it.`,
  };
}

const foreign: Check = {
  id: 'REG-FOREIGN',
  title: 'Foreign redirect URIs are refused',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: 'RFC 7591 §5; OAuth 2.1 §2.3.1',
  cause:
    'Anybody can register a client that sends your users’ codes to them: there is no Trusted Hosts policy, or its client URIs need not match.',
  fix: 'mcpkc trusted-hosts --preset chatgpt sets the match flags; mcpkc trusted-hosts shows the hosts.',
  judge: registering(({ foreign: both }) => {
    if (!both) return notRun('Not probed.');
    const { alone, mixed } = both;
    const exchanges = [alone.exchange, mixed.exchange];
    if (alone.client) return fail('https://evil.example/cb is registered.', { exchanges });
    if (mixed.client) return fail('https://evil.example/cb is registered among good ones.', { exchanges });
    return pass(`Alone: ${refusalOf(alone)} Among good ones: ${mixed.exchange.status ?? 0}.`, { exchanges });
  }),
};

const paths: Check = {
  id: 'REG-PATHS',
  title: 'Registration endpoints that no product needs are closed from outside',
  severity: 'should',
  needs: ['ASM-FOUND'],
  spec: 'Keycloak 26.7, client registration service',
  cause:
    'Keycloak takes whole clients there: client id, secret, attributes and mappers of the registrant’s choice. No registration policy closes that.',
  fix: 'Close them at the reverse proxy: docs/registration-fronts.md.',
  judge: registering(({ endpoint, others }) => {
    const url = URL.parse(endpoint ?? '');
    if (url && isLoopback(url))
      return skipped('Nobody from outside reaches this Keycloak: it is at a loopback address.');
    if (!others) return skipped('The advertised endpoint is not Keycloak’s own.');
    const exchanges = others.map(({ exchange }) => exchange);
    const open = others.filter((one) => one.open).map(({ path }) => `/clients-registrations/${path}`);
    if (open.length > 0) return fail(`Keycloak itself answers at ${open.join(', ')}.`, { exchanges });
    const answers = others.map(({ path, exchange }) => `${path}: ${outcomeOf(exchange)}`).join(', ');
    return pass(`Keycloak does not answer there (${answers}).`, { exchanges });
  }),
};

/** The step of anonymous registration, as each product does it. */
export const registrationStep: Step<'registration'> = {
  name: 'registration',
  doing: 'Registering as the products do',
  after: ['server-metadata'],
  probe: probeRegistration,
  checks: [clientSettings, plain, scoped, origin, readback, foreign, paths],
};
