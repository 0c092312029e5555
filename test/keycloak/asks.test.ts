import { describe, expect, inject, it } from 'vitest';
import { accountIn, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const realm = await useRealm('asks');
const account = await accountIn(realm);
const RESOURCE = 'https://svc.example.com/mcp';

/** Runs a command line at a terminal where somebody answers so. */
function at(answers: string[], ...argv: string[]) {
  return runCli(argv, { env: account.env, terminal: true, answers });
}

/** Command lines that write, each for what is there by then, without what takes `--yes`. */
const FIRST = [
  ['create-scope', RESOURCE, '--preset', 'chatgpt'],
  ['trusted-hosts', '--add', 'tools.example.com'],
  ['allow', RESOURCE, '--preset', 'claude', '--by', 'client', '--secret-file', 'claude.secret'],
  ['onboard', RESOURCE, '--preset', 'chatgpt'],
];
const LATER = [
  ['access', RESOURCE, '--role', 'audit'],
  ['trusted-hosts', '--remove', 'chatgpt.com'],
  ['trusted-hosts', '--close'],
  ['create-scope', RESOURCE, '--remove'],
];

async function declined(argv: string[]): Promise<void> {
  const before = await realm.snapshot();
  const ran = await at(['maybe', 'yes please', 'n'], ...argv);
  expect({ exit: ran.exit, questions: ran.io.questions }, ran.err).toEqual({
    exit: 5,
    // Neither is an answer: it is asked again, and nothing is done for it.
    questions: Array(3).fill(expect.stringMatching(/^Make \d+ changes? in realm .*\? \[y\/N\] $/)),
  });
  expect(ran.err.match(/Answer y or n\./g)).toHaveLength(2);
  expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('The answer was no: nothing was written.');
  expect(await realm.snapshot()).toEqual(before);
}

describe('every command that writes shows its plan at a terminal and asks once', () => {
  it.each(FIRST)('%s %s %s %s: nothing is written where nobody agrees', async (...argv) => declined(argv));

  it.each(LATER)('%s %s %s: the same once a server is there', async (...argv) => {
    const made = await at([], 'create-scope', RESOURCE, '--preset', 'chatgpt', '--no-input');
    expect(made.exit, made.err).toBe(0);
    await declined(argv);
  });

  it('what takes something from somebody is shown with the plan and asked about, and refused where nobody can be asked', async () => {
    const add = await at([], 'trusted-hosts', '--add', 'foreign.example.com', '--no-input');
    expect(add.exit, add.err).toBe(0);
    const refused = await at([], 'trusted-hosts', '--close', '--no-input');
    expect({ exit: refused.exit, asked: refused.io.questions }).toEqual({ exit: 5, asked: [] });
    const ran = await at(['n'], 'trusted-hosts', '--close');
    expect({ exit: ran.exit, asked: ran.io.questions.length }, ran.err).toEqual({ exit: 5, asked: 1 });
    const said = ran.err.replaceAll(/\s+/g, ' ');
    expect(said).toContain('foreign.example.com may register clients today and could not any more');
    expect(said.indexOf('update policy Trusted Hosts')).toBeLessThan(
      said.indexOf('foreign.example.com may register'),
    );
    const agreed = await at(['y'], 'trusted-hosts', '--close');
    expect({ exit: agreed.exit, asked: agreed.io.questions.length }, agreed.err).toEqual({
      exit: 0,
      asked: 1,
    });
  });

  it('init, too: a client of its name that somebody may have made is shown before the question', async () => {
    const { url, adminUser, adminPassword } = inject('keycloak');
    const redirectUris = ['https://somebody.example.com/'];
    await realm.admin.post(realm.path('clients'), { clientId: 'taken', redirectUris });
    const env = { KC_SERVER: url, KC_REALM: realm.name, KC_CLIENT_ID: 'taken' };
    const answers = [adminUser, adminPassword, '', 'n', 'n'];
    const ran = await runCli(['init'], { env, terminal: true, answers });
    expect({ exit: ran.exit, last: ran.io.questions.at(-1) }, ran.err).toEqual({
      exit: 5,
      last: expect.stringMatching(/^Make \d+ changes in Keycloak and write/),
    });
    const said = ran.err.replaceAll(/\s+/g, ' ');
    expect(said).toContain("The client 'taken' in realm");
    expect(said).toContain('deleted first: the client taken');
  });

  it('y does it; --yes, --no-input and a plan of nothing ask nothing', async () => {
    const argv = ['trusted-hosts', '--add', 'one.example.com'];
    const agreed = await at(['y'], ...argv);
    expect({ exit: agreed.exit, asked: agreed.io.questions.length }, agreed.err).toEqual({
      exit: 0,
      asked: 1,
    });
    // Who agreed to the plan knows it: it is not printed whole again.
    expect(agreed.err).toContain('so that');
    expect(agreed.out).toContain('update policy Trusted Hosts');
    expect(agreed.out).not.toContain('so that');
    for (const more of [[], ['--yes'], ['--no-input']]) {
      const ran = await at([], ...argv, ...more);
      expect({ exit: ran.exit, asked: ran.io.questions }, ran.err).toEqual({ exit: 0, asked: [] });
    }
    for (const more of ['--yes', '--no-input']) {
      const ran = await at([], 'trusted-hosts', '--add', `${more.slice(2)}.example.com`, more);
      expect({ exit: ran.exit, asked: ran.io.questions }, ran.err).toEqual({ exit: 0, asked: [] });
    }
  });
});
