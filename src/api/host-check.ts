import { isIP } from 'node:net';

/**
 * Whether a Host header may name this server.
 *
 * A page of another site can make its own name resolve to this machine (DNS rebinding) and then read the API as if it were its own.
 * Such a request carries the foreign name, so only names that nobody else can own are taken: IP addresses, localhost, and the configured
 * ones. Comparison is by host name alone, without the port, in lower case.
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return false;
  const name = hostName(header.toLowerCase());
  if (name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0) return true;
  return allowed.some((known) => known.toLowerCase() === name);
}

/** The name without port and without the brackets of IPv6. */
function hostName(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(header);
  return bracketed?.[1] ?? header.replace(/:\d+$/, '');
}
