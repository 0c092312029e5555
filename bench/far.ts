import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a port of this machine. */
export interface Way {
  port: number;
  close(): Promise<void>;
}

/** Leads to a port of this machine as if it were `ms` milliseconds away in each direction. */
export async function farAway(to: () => number, ms: number): Promise<Way> {
  const sockets = new Set<Socket>();
  const carry = (from: Socket, into: Socket) => {
    from.on('data', (bytes) => setTimeout(() => into.write(bytes), ms));
    from.on('end', () => setTimeout(() => into.end(), ms));
    from.on('error', () => into.destroy());
    from.on('close', () => sockets.delete(from));
    sockets.add(from);
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const there = connect({ port: to(), host: '127.0.0.1', allowHalfOpen: true });
    carry(near, there);
    carry(there, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
