import { main } from '../../src/main.ts';
import { type MemoryIo, type MemoryIoOptions, memoryIo } from './memory-io.ts';

/** What came of one command line. */
export interface Ran {
  status: number;
  io: MemoryIo;
  out: string;
  err: string;
  /** The JSON document; throws where stdout isn't exactly one. */
  document(): Record<string, unknown>;
}

/** Runs a command line in this process, with files, environment and person as told. */
export async function runMcpkc(argv: readonly string[], options: MemoryIoOptions = {}): Promise<Ran> {
  const io = memoryIo(options);
  const status = await main(argv, io);
  const document = () => JSON.parse(io.out()) as Record<string, unknown>;
  return { status, io, out: io.out(), err: io.err(), document };
}

/** The files that a run left, for the next run to find: path → text and permission bits. */
export function filesOf({ io }: Ran): NonNullable<MemoryIoOptions['files']> {
  return Object.fromEntries(io.disk);
}

/** The text of a file that a run left; '' where there is none. */
export function fileText({ io }: Ran, name: string): string {
  const file = io.disk.get(`/here/${name}`);
  return file === undefined || file instanceof Error ? '' : file.text;
}

/** A value of the env file that a run left. */
export function envValue(ran: Ran, key: string): string {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(fileText(ran, '.keycloak-env'))?.[1] ?? '';
}
