import { isLoopback } from '../names/loopback.ts';
import { formatCommand } from '../text.ts';
import { type Check, fail, type Judgement, notRun, pass, skipped } from './check.ts';
import type { Target } from './evidence.ts';
import { outcomeOf, record } from './exchange.ts';
import type { Registered } from './probe-clients/probes.ts';
import { probeRegistration, type RegistrationEvidence } from './probes/registration.ts';
import { plainCause, scopeCause } from './registration-causes.ts';
import { judging, type Step, withoutAdmin } from './step.ts';

const DCR = 'RFC 7591 §3; MCP 2026-07-28, Authorization';

/** Keycloak's words for a refusal. */
export function refusalOf({ exchange }: Registered): string {
  const { error_description: description, error } = record(exchange.json);
  const words = typeof description === 'string' ? description : typeof error === 'string' ? error : undefined;
  return words === undefined ? outcomeOf(exchange) : `${exchange.status ?? 0}, ${words}`;
}

/** A judge of registrations: skipped where the operator wants none, not run where there is no endpoint. */
function registering(judge: (evidence: RegistrationEvidence, target: Target) => Judgement): Check['judge'] {
  return judging('registration', (evidence, { target }) => {
    if (target.noRegistration) return skipped('No client is registered (--no-registration).');
    if (evidence.endpoint === undefined) {
      return fail('The metadata names no registration_endpoint.', {
        cause: 'Client registration is switched off, or a proxy serves metadata of its own.',
      });
    }
    return judge(evidence, target);
  });
}

const plain: Check = {
  id: 'REG-PLAIN',
  title: 'Each product’s registration is accepted',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: DCR,
  cause: 'A registration policy of the realm refuses the request.',
  fix: 'mcpkc trusted-hosts --preset <name>',
  judge: registering(({ presets }, target) => {
    const exchanges = presets.map(({ plain: one }) => one.exchange);
    for (const { preset, plain: one } of presets) {
      if (!one.client) {
        return fail(`${preset.title}: ${refusalOf(one)}`, {
          exchanges,
          ...plainCause(refusalOf(one), preset, target),
        });
      }
      const missing = preset.registration.redirect_uris.find(
        (uri) => !one.client?.redirectUris.includes(uri),
      );
      if (missing !== undefined) {
        return fail(`${preset.title}: registered without its redirect URI ${missing}.`, {
          exchanges,
          cause: 'Something changed the request on its way, or the server dropped the URI.',
          fix: 'Look for a proxy in front of Keycloak that rewrites bodies.',
        });
      }
    }
    return pass(`201 for ${presets.map(({ preset }) => preset.title).join(', ')}.`, { exchanges });
  }),
};

const scoped: Check = {
  id: 'REG-SCOPE',
  title: 'A registration that names the MCP server’s scopes fares as the mode wants',
  severity: 'must',
  needs: ['REG-PLAIN'],
  spec: 'RFC 7591 §2; MCP 2026-07-28, Authorization',
  cause:
    'SDK clients, VS Code and Codex name scopes when they register; the policy ‘Allowed Client Scopes’ decides.',
  fix: 'mcpkc create-scope --resource <url>',
  judge: registering(({ presets, named, door }, target) => {
    const exchanges = [...presets.map(({ scoped: one }) => one.exchange), door?.exchange];
    for (const { preset, scoped: one } of presets) {
      if (one.client) continue;
      const message = `${preset.title} with scope "${named.join(' ')}": ${refusalOf(one)}`;
      return fail(message, { exchanges, ...scopeCause(named, target) });
    }
    if (door?.client) {
      return fail('A registration that names the audience scope is accepted.', {
        exchanges,
        cause:
          'The mode is adopted, but ‘Allowed Client Scopes’ lets everybody name the audience scope: any client can get the audience.',
        fix: formatCommand(['create-scope', ['--resource', target.mcp], ['--attach', 'none']]),
      });
    }
    if (door && !/clientScope/i.test(refusalOf(door))) {
      return fail(
        `A registration that names the audience scope is refused for another reason: ${refusalOf(door)}`,
        { exchanges },
      );
    }
    const names = named.join(' ');
    return pass(
      door ? `201 with ${names}; the hidden audience scope is refused, as it should.` : `201 with ${names}.`,
      { exchanges },
    );
  }),
};

const readback: Check = {
  id: 'REG-READBACK',
  title: 'A new client holds the audience scope as the mode wants',
  severity: 'must',
  needs: ['REG-PLAIN'],
  spec: 'Keycloak 26.7, default client scopes',
  cause: 'The audience scope is not where new clients get it from.',
  fix: 'mcpkc create-scope --resource <url>',
  judge: registering((evidence, target) => {
    const { inside } = target;
    if (!inside) return withoutAdmin(target);
    const exchanges = evidence.presets.map(({ plain: one }) => one.exchange);
    const fix = formatCommand(['create-scope', ['--resource', target.mcp]]);
    if (!inside.exists) {
      return fail(`There is no client scope '${inside.scope}' in the realm.`, {
        exchanges,
        fix,
        cause: 'Nothing in the realm puts the audience of this MCP server into tokens.',
      });
    }
    const held = evidence.presets.map(({ preset, held: one }) => ({ title: preset.title, as: one.plain }));
    if (held.some(({ as }) => as === undefined))
      return notRun('A client could not be read back.', 'The account needs view-clients: mcpkc init');
    const shown = held.map(({ title, as }) => `${title}: ${as}`).join(', ');
    if (inside.mode === 'adopted') {
      const leak = held.find(({ as }) => as !== 'none');
      if (!leak)
        return pass('A new client doesn’t hold the audience scope: only adopted clients do.', {
          exchanges,
          facts: { held },
        });
      const cause =
        'The audience scope is in a realm list, so every client gets it: somebody added it there.';
      return fail(`${leak.title}’s new client holds the audience scope as ${leak.as}.`, {
        exchanges,
        cause,
        fix,
      });
    }
    const asksFor = evidence.asked.includes(inside.scope);
    const bad = held.find(({ as }) => as === 'none' || (as === 'optional' && !asksFor));
    if (!bad) return pass(shown, { exchanges, facts: { held } });
    const cause =
      bad.as === 'none'
        ? `'${inside.scope}' is neither a default nor an optional client scope of the realm.`
        : `'${inside.scope}' is optional, and nothing makes clients ask for it.`;
    const way =
      bad.as === 'none'
        ? fix
        : `Name '${inside.scope}' in the MCP server’s challenge and scopes_supported, or make it a default: ${fix} --attach default`;
    return fail(`${bad.title}’s new client holds '${inside.scope}' as ${bad.as}.`, {
      exchanges,
      cause,
      fix: way,
    });
  }),
};

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
  fix: 'Close them at the reverse proxy: docs/reverse-proxies.md, “Registration”.',
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

/** Anonymous registration, as each product does it. */
export const registrationStep: Step<'registration'> = {
  name: 'registration',
  doing: 'Registering as the products do',
  after: ['server-metadata'],
  probe: probeRegistration,
  checks: [plain, scoped, readback, foreign, paths],
};
