import { z } from 'zod';

/**
 * A function that makes an object schema of its fields: open to further fields (published), or closed (held against
 * real output).
 */
export type ObjectMaker = (shape: z.ZodRawShape) => z.ZodType;

const text = z.string();
const texts = z.array(text);
const count = z.number().int().nonnegative();
const flag = z.boolean();
const map = z.record(z.string(), z.unknown());
const time = text.describe('ISO 8601, UTC');
const action = z.enum(['create', 'update', 'delete', 'attach', 'detach']);
const mode = z.enum(['standing', 'adopted']).nullable();
const resource = text.nullable().describe('URL of the MCP server');
const scope = text.nullable().describe('the client scope that clients name');
const severity = z.enum(['error', 'warning', 'info']);
const stage = z.enum([
  'challenge',
  'resource-metadata',
  'server-metadata',
  'registration',
  'authorization',
  'token',
  'mcp',
]);

/**
 * The schema of each command's JSON document, and of a failure (`error`). A command of `commands` that isn't in the table
 * has the fields alone that every document has.
 */
export function documentSchemas(
  object: ObjectMaker,
  commands: readonly string[] = [],
): Readonly<Record<string, z.ZodType>> {
  const change = object({
    kind: text.describe('the kind of thing'),
    action,
    key: text.describe('what an operator calls the thing'),
    before: map.nullable(),
    after: map.nullable(),
    why: text,
  });
  const fix = object({ kind: z.enum(['command', 'keycloak', 'mcp-server', 'here']), text });
  const connection = {
    way: z.enum(['document-pinned', 'document-fetched', 'document', 'client', 'registration', 'none']),
    clientId: text.nullable(),
    reason: text.nullable(),
  };
  const finding = object({ code: text, severity, subject: text, message: text, fix });
  const unjudged = object({ code: text, role: text });
  const client = object({ clientId: text, name: text.nullable(), redirectUris: texts });
  const place = object({ file: text, line: count, column: count });
  const failure = object({ code: text, message: text, fix: text, exitStatus: count }).nullable();
  const planRealm = {
    profile: text.nullable(),
    server: text.nullable(),
    realm: text.nullable(),
    at: place,
    error: failure,
    added: count,
    changed: count,
    removed: count,
    servers: z.array(
      object({
        resource: text,
        scope: text.nullable(),
        mode,
        roles: texts.nullable().describe('who may use it; null: everybody'),
        products: z.array(object({ product: text.nullable(), way: text })),
        changes: count,
        error: failure,
      }),
    ),
    retired: z.array(
      object({ resource: text, state: z.enum(['gone', 'foreign', 'stays', 'goes']), holders: count }),
    ),
    unlisted: texts.describe('servers of mcpkc that the file does not name'),
    foreign: texts.describe('servers that somebody else set up'),
    needsConsent: texts,
    notes: texts,
    changes: z.array(change),
  };
  const overFile = {
    files: texts,
    realms: z.array(
      object({
        profile: text.nullable(),
        server: text.nullable(),
        realm: text.nullable(),
        at: place,
        ok: flag,
        error: failure,
        reports: z.array(map).describe('as without -f'),
      }),
    ),
  };
  const planned = { resource, scope, mode, changes: z.array(change), applied: flag };
  const document = (command: string, shape: z.ZodRawShape) =>
    object({
      $schema: text,
      schema: z.literal(`mcpkc/${command}/v1`),
      ok: flag.describe('whether the exit status is 0'),
      exitStatus: count,
      server: text.nullable().describe('base URL of Keycloak'),
      realm: text.nullable(),
      ...shape,
    });
  const schemas: Readonly<Record<string, z.ZodRawShape>> = {
    init: {
      ...planned,
      account: object({
        clientId: text,
        realm: text,
        roles: texts.optional(),
        excess: texts.optional().describe('roles beyond those that the commands need'),
        settingsInExcess: texts.optional(),
      }),
      files: z
        .array(object({ path: text, action: z.enum(['create', 'update', 'none']), keys: texts }))
        .optional(),
      kcadm: texts.optional().describe('with --dry-run: the same as lines of kcadm'),
      removed: flag.optional().describe('with --remove'),
      stays: texts.optional().describe('with --remove: what it leaves'),
    },
    'create-scope': {
      ...planned,
      roles: z.array(map).nullable().optional().describe('the roles that let people in; null: everybody'),
      registration: z.enum(['keep', 'open']).nullable().optional(),
      offer: object({ scopes: texts, products: texts, command: text })
        .nullable()
        .optional()
        .describe('advertised scopes that no new client may have, and the command that hides them'),
      holders: z.array(object({ clientId: text, name: text.nullable() })).optional(),
      keptRoles: texts.optional(),
    },
    'trusted-hosts': {
      ...planned,
      policies: z.array(object({ name: text, hosts: texts, senderMatch: flag, clientUrisMatch: flag })),
      redirectUris: texts.nullable(),
    },
    onboard: {
      ...planned,
      client: client.nullable().describe('who was adopted'),
      others: z.array(
        object({
          clientId: text,
          name: text.nullable(),
          redirectUris: texts,
          reason: text,
          command: text.nullable(),
        }),
      ),
      unused: z.array(object({ clientId: text, since: time })),
      audience: texts.nullable(),
      roles: texts.nullable(),
      doubts: texts,
      env: z.record(z.string(), text).nullable(),
      timeline: z.array(object({ at: time, event: text })),
    },
    allow: {
      resource,
      scope: scope.optional(),
      mode: mode.optional(),
      changes: z.array(change).optional(),
      applied: flag.optional(),
      products: z
        .array(
          object({
            product: text.nullable(),
            way: z.enum(['document', 'client']),
            clientId: text,
            public: flag,
            secretFile: text.nullable(),
            secret: text.optional().describe('with --show-secret'),
            redirectUris: texts,
            leftOut: texts,
            audience: texts.nullable(),
            steps: texts,
            connects: z.enum(['yes', 'no', 'unknown']),
            message: text,
            alsoOpens: texts,
            superfluous: texts,
          }),
        )
        .optional(),
      allowed: z.array(map).optional().describe('with --list'),
      removed: z.array(map).optional().describe('with --remove'),
      scopesGo: flag.optional(),
      removedFiles: texts.optional(),
    },
    access: {
      ...planned,
      access: z.enum(['everybody', 'nobody', 'roles']),
      roles: z.array(map),
      people: object({ count, names: texts, complete: flag }).nullable(),
      failClosed: flag.nullable(),
      byHand: flag,
      otherScopes: texts,
      notVisible: texts,
    },
    connections: {
      resource,
      connections: z.array(
        object({
          user: text,
          client: object({ clientId: text, name: text.nullable() }),
          product: text.nullable(),
          way: z.enum(['registration', 'document', 'client']),
          servers: texts,
          since: time.nullable(),
          lastUsed: object({ at: time, by: text }).nullable(),
          sessions: count,
          offlineSessions: count,
          consented: flag,
          goesOn: text,
        }),
      ),
      lifetimes: map.describe('seconds'),
      notVisible: texts,
      leftOut: texts.describe('ids of clients that lead to the named product, and to others'),
      changes: z.array(change),
      applied: flag,
      tokensWorkUntil: time.nullable(),
    },
    status: {
      profile: text.nullable().describe('name of the profile in use'),
      resource,
      findings: z.array(finding),
      products: z.array(
        object({
          preset: text,
          title: text,
          ...connection,
          verdict: z.enum(['ready', 'stopped', 'depends', 'unknown']),
          codes: texts,
        }),
      ),
      scopes: z
        .array(
          object({ name: text, resource: text.nullable(), mode: text, list: text, roles: texts.nullable() }),
        )
        .nullable()
        .describe('null where the account may not read them; so are other parts'),
      otherAudienceScopes: count.nullable(),
      notVisible: z.array(unjudged).describe('findings that could not be judged, and the role that it takes'),
      policies: z.array(z.record(z.string(), z.unknown())).nullable(),
      refusals: z
        .array(
          object({
            kind: z.enum(['registration', 'sign-in', 'token', 'renewal']),
            count,
            by: text,
            clientId: text.optional(),
            address: text.optional(),
            first: time,
            last: time,
            duringValidate: count.describe('those that came while mcpkc validate ran on this machine'),
          }),
        )
        .nullable(),
      journal: z.array(object({ at: time, did: text, to: text, by: text })).nullable(),
      lastLook: object({
        at: time,
        clients: count,
        holders: z.record(z.string(), count),
        findings: z.record(z.string(), count),
      }).nullable(),
      clients: z
        .array(
          object({
            clientId: text,
            name: text.nullable(),
            kind: z.enum(['dynamic', 'cimd', 'other']),
            product: text.nullable(),
            createdAt: time.nullable(),
            ageMs: count.nullable(),
            scopes: z.array(object({ name: text, list: z.enum(['default', 'optional']) })),
            sessions: object({ active: count, offline: count }).nullable(),
            consent: flag,
            pkce: flag.describe('whether Keycloak demands S256 of it'),
            verdict: z.enum(['adopted', 'holds', 'foreign', 'no scope', 'disabled', 'probe', 'account']),
          }),
        )
        .nullable()
        .optional()
        .describe('with --clients'),
      upgrade: object({
        to: text,
        now: text.optional(),
        breakages: z.array(object({ from: text, severity, subject: text, message: text, fix })),
        unjudged: z.array(object({ from: text, change: text, role: text })),
        harmless: z.array(object({ from: text, change: text, means: text })),
        beyond: flag,
      })
        .optional()
        .describe('with --for'),
      baseline: object({
        file: text,
        known: count,
        gone: z.array(object({ code: text, severity, subject: text })),
        notVisible: z.array(unjudged),
      })
        .optional()
        .describe('with --baseline: findings then holds only what is new'),
    },
    'prune-clients': {
      mode: z.enum(['plan', 'observe', 'apply', 'restore', 'keep', 'unkeep']),
      clients: z
        .array(z.record(z.string(), z.unknown()))
        .describe(
          'each has its clientId; plan, observe and apply: decision (keep, mark, disable, delete, revive), reason, evidence',
        ),
      summary: map,
      backup: text.nullable().describe('the file that holds deleted clients'),
    },
    validate: {
      resource: resource.optional(),
      issuer: text.nullable().optional(),
      mode,
      scope: scope.optional(),
      checks: z.array(
        z.union([
          object({
            id: text,
            title: text,
            severity: z.enum(['must', 'should', 'info']),
            outcome: z.enum(['pass', 'fail', 'not-run', 'skipped']),
            culprit: text.nullable(),
            excused: flag,
            message: text,
            warning: flag,
            evidence: object({
              exchanges: z.array(
                object({
                  requestId: text,
                  request: text,
                  status: count.nullable(),
                  ms: z.number(),
                  headers: z.record(z.string(), text),
                  body: text,
                  problem: text.nullable(),
                }),
              ),
              facts: map,
            }),
            cause: text.nullable(),
            fix: text.nullable(),
            spec: text,
          }),
          object({
            id: text,
            group: text,
            title: text,
            severity: text,
            needs: texts,
            mayNeed: texts,
            spec: text,
            cause: text,
            fix: text,
          }).describe('with --list-checks'),
        ]),
      ),
      outlook: z.array(
        object({
          preset: text,
          title: text,
          ...connection,
          verdict: z.enum([
            'works',
            'works-with-warnings',
            'works-once-adopted',
            'expected',
            'expected-once-adopted',
            'fails',
            'unknown',
          ]),
          stage: stage.nullable(),
          check: text.nullable(),
          message: text,
          tried: texts,
          read: texts,
          untried: texts,
          unreachable: texts.describe(
            'URLs of a private network, where the product connects from its vendor’s servers',
          ),
        }),
      ),
      realmErrors: z
        .array(object({ code: text, message: text, fix: object({ kind: text, text }) }))
        .optional()
        .describe('errors that status finds, where something is red and an account may look'),
      requests: z
        .array(object({ id: text, request: text, to: text, status: count.nullable(), ms: z.number() }))
        .optional(),
      events: z.array(z.unknown()).optional(),
      commands: z.record(z.string(), text).optional(),
      swept: object({ removed: texts, left: texts }).optional(),
      runId: text.optional(),
      failOn: z.enum(['must', 'should']).optional(),
    },
    plan: {
      prune: flag.optional(),
      added: count.optional(),
      changed: count.optional(),
      removed: count.optional(),
      realms: z.array(
        z.union([
          object(planRealm),
          object({ profile: text.nullable(), at: place, servers: texts, retired: texts }).describe(
            'with --offline',
          ),
        ]),
      ),
      sources: z
        .array(object({ file: text, text }))
        .optional()
        .describe('the files as they were read: what apply --plan goes by'),
      offline: z.literal(true).optional(),
      files: texts.optional(),
      notes: z.array(object({ at: text, message: text })).optional(),
    },
    apply: {
      prune: flag,
      added: count,
      changed: count,
      removed: count,
      realms: z.array(
        object({ ...planRealm, applied: count, open: count.describe('changes that were not made') }),
      ),
    },
    export: {
      jsonSchema: map.optional().describe('with --schema'),
      file: text.optional().describe('the file, YAML'),
      servers: texts.optional(),
      leftOut: z.array(object({ resource: text, why: text })).optional(),
      foreign: texts.optional(),
    },
    env: {
      resource,
      scope,
      mode,
      source: text,
      roles: texts.nullable(),
      env: z.record(z.string(), text),
    },
    runbook: {
      resource,
      scope,
      mode,
      source: text,
      output: text.nullable(),
      boxes: z.array(map),
      markdown: text.optional(),
    },
    presets: { presets: z.array(map), resource: text.optional() },
    explain: {
      codes: z.array(object({ code: text, kind: text, what: text, cause: text, fix: text, sources: texts })),
    },
    completion: { shell: text, script: text },
    error: { code: text, message: text, fix: text, details: map.optional() },
  };
  return Object.fromEntries(
    [...new Set([...Object.keys(schemas), ...commands])].map((command) => {
      const own = document(command, schemas[command] ?? {});
      const isOver = command === 'status' || command === 'validate';
      return [command, isOver ? z.union([own, document(command, overFile).describe('with -f')]) : own];
    }),
  );
}
