import type { Server } from 'node:net';
import { WaybillError } from '../../model/errors.ts';

const REASONS: Record<string, readonly [reason: string, remedy: string]> = {
  EADDRINUSE: ['the port is already in use', 'stop the program that uses it, or configure another port'],
  EACCES: ['the system does not permit it', 'use a port above 1023, or run with the right to bind lower ones'],
  EADDRNOTAVAIL: ['this machine does not have that address', 'configure a host that it has, e.g. 127.0.0.1 or 0.0.0.0'],
  ENOTFOUND: ['the host name is unknown', 'configure an address or a name that resolves'],
};

/** Starts listening and returns the port; throws `invalid_configuration` naming the address and the remedy where that fails. */
export async function listen(server: Server, host: string, port: number, what: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const [reason, remedy] = REASONS[error.code ?? ''] ?? [error.message, 'check host and port'];
      reject(
        new WaybillError('invalid_configuration', `${what} cannot listen on ${host} port ${port}: ${reason}`, {
          remedy,
          cause: error,
        }),
      );
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
