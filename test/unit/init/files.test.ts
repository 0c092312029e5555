import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/cli/command.ts';
import { type FilePlan, requireFilesConsent, writeFiles } from '../../../src/commands/init/files.ts';
import { memoryIo } from '../../support/memory-io.ts';

const FILE: FilePlan = {
  path: 'e',
  action: 'update',
  keys: ['KC_CLIENT_SECRET'],
  text: 'secret-text',
  mode: 0o600,
};
const contextOf = (io = memoryIo()) => ({ io, settings: { input: false } }) as unknown as Context;

describe('writeFiles', () => {
  it('says what failed and how to go on, without the text', async () => {
    const io = memoryIo();
    io.files.write = () => Promise.reject(Object.assign(new Error('secret-text'), { code: 'EACCES' }));
    const failure = await writeFiles(contextOf(io), [FILE]).catch((error) => error);
    expect(failure).toMatchObject({ code: 'FILE_NOT_WRITTEN', exitStatus: 2 });
    expect(failure.message).toBe('e can’t be written (EACCES); the account in Keycloak is ready.');
    expect(failure.fix).not.toContain('secret-text');
  });

  it('writes what differs and leaves what is right', async () => {
    const io = memoryIo();
    await writeFiles(contextOf(io), [FILE, { ...FILE, path: 'f', action: 'none' }]);
    expect([...io.disk]).toEqual([['/here/e', { text: 'secret-text', mode: 0o600 }]]);
  });
});

describe('requireFilesConsent', () => {
  it('names file and keys, not values', async () => {
    const failure = await requireFilesConsent(contextOf(), [FILE], false).catch((error) => error);
    expect(failure).toMatchObject({ code: 'FILE_EXISTS', exitStatus: 5 });
    expect(failure.message).toContain('e (KC_CLIENT_SECRET)');
    expect(JSON.stringify(failure)).not.toContain('secret-text');
  });

  it('asks for nothing where files are new or right, or with --force', async () => {
    const others = (['create', 'none'] as const).map((action) => ({ ...FILE, action }));
    await requireFilesConsent(contextOf(), others, false);
    await requireFilesConsent(contextOf(), [FILE], true);
  });
});
