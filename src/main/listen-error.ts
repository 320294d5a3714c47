import { WaybillError } from '../model/errors.ts';

/** Turns an error of `listen` into one that names the address, the configuration key and the remedy. */
export function explainListenError(
  cause: unknown,
  at: { what: string; key: string; host: string; port: number },
): WaybillError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const place = `${at.host}:${at.port}`;
  const [problem, remedy] =
    code === 'EADDRINUSE'
      ? [`${place} is in use by another program`, `stop it, or set ${at.key} to a free port`]
      : code === 'EACCES'
        ? [`this user may not listen on ${place}`, `set ${at.key} to a port above 1023`]
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
          ? [`this machine has no address ${at.host}`, `correct the host beside ${at.key}`]
          : [`listening on ${place} failed (${code})`, `check ${at.key}`];
  return new WaybillError('invalid_configuration', `cannot serve ${at.what}: ${problem}`, { remedy, cause });
}
