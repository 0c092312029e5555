import type { ShownCheck, ValidationAnswer } from '../../src/checks/answer.ts';

/** The MCP server that these answers are about. */
export const MCP = 'https://svc.example.com/mcp';

/** A check that passed, or as told. */
export function checkOf(id: string, changes: Partial<ShownCheck> = {}): ShownCheck {
  const outcome = changes.outcome ?? 'pass';
  return {
    id,
    title: `Title of ${id}`,
    severity: 'must',
    outcome,
    culprit: null,
    excused: false,
    message: `Message of ${id}.`,
    warning: false,
    evidence: { exchanges: [], facts: {} },
    cause: outcome === 'pass' ? null : `Cause of ${id}.`,
    fix: outcome === 'pass' ? null : `Fix of ${id}.`,
    spec: 'RFC 9728',
    ...changes,
  };
}

/** What a run answers with these checks; red is what must pass and didn’t. */
export function answerOf(checks: ShownCheck[], changes: Partial<ValidationAnswer> = {}): ValidationAnswer {
  const red = checks
    .filter(({ outcome, severity }) => severity === 'must' && ['fail', 'not-run'].includes(outcome))
    .map(({ id }) => id);
  return {
    mcp: MCP,
    issuer: 'https://auth.example.com/realms/tools',
    server: 'https://auth.example.com',
    realm: 'tools',
    mode: 'standing',
    scope: 'mcp-resource',
    checks,
    outlook: [],
    red,
    silent: false,
    exitStatus: red.length > 0 ? 1 : 0,
    requests: [],
    events: [],
    commands: {},
    swept: { removed: [], left: [] },
    realmErrors: [],
    document: {},
    ...changes,
  };
}
