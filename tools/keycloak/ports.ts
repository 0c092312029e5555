import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ports that fetch and browsers refuse to talk to, of those that an operating system may hand out. */
const BLOCKED = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
]);

/** Whether fetch refuses this port. */
export function isBlocked(port: number): boolean {
  return BLOCKED.has(port);
}

/** A free port on the loopback address that fetch can talk to. `ask` stands in for the system in tests. */
export async function freePort(ask: () => Promise<number> = askSystem): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = await ask();
    if (!isBlocked(port)) return port;
  }
  throw new Error('The system hands out no port that fetch can talk to.');
}

/** Whether nobody listens on this port of the loopback address. */
export function isFree(port: number): Promise<boolean> {
  return listenOn(port).then(
    () => true,
    () => false,
  );
}

/** Waits until nothing answers on this port any more; a limit keeps a stranger there from holding us up. */
export async function closed(port: number, limit = 5_000): Promise<void> {
  const deadline = Date.now() + limit;
  while (Date.now() < deadline && (await answers(port))) await sleep(50);
}

function askSystem(): Promise<number> {
  return listenOn(0);
}

function listenOn(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : wanted;
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
