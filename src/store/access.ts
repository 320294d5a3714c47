import { Secret } from '../model/secret.ts';
import { StoreClient, type StoreClientOptions } from './client.ts';
import type { SpoolAccess } from './engine/options.ts';
import { Spool } from './engine/spool.ts';

/** How to reach the store, as plain data for another thread. The password stands in clear: it MUST NOT leave the process. */
export interface StoreAccess extends Omit<StoreClientOptions, 'password' | 'spool'> {
  readonly password?: string | undefined;
  /** Of the embedded server. */
  readonly spool?: SpoolAccess | undefined;
}

/** What others need to reach the same server. */
export function accessTo({
  password,
  spool,
  ...options
}: Omit<StoreClientOptions, 'spool'> & { readonly spool?: SpoolAccess | undefined }): StoreAccess {
  return {
    ...options,
    password: password?.reveal(),
    spool: spool === undefined ? undefined : { places: spool.places, maxBytes: spool.maxBytes },
  };
}

/** A client of the store; whoever makes it closes it. */
export function connect({ password, spool, ...options }: StoreAccess): StoreClient {
  return new StoreClient({
    ...options,
    password: password === undefined ? undefined : new Secret(password),
    spool: spool === undefined ? undefined : new Spool(spool.places, spool.maxBytes),
  });
}
