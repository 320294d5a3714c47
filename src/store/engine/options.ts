/** Where the embedded server listens: a socket that only the owner of the data can reach, or loopback with a password. */
export type EngineListen =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'loopback';
      /** 0 lets the system choose. */
      readonly port: number;
      /** Travels over the process's own channel, never through arguments or files. */
      readonly password: string;
    };

/** What the supervisor tells the embedded server at its start. */
export interface EngineOptions {
  /** Directory of the embedded server alone; made with mode 0700. */
  readonly directory: string;
  readonly listen: EngineListen;
  /** Memory that the engine may use in total, in bytes; one query gets half of it, caches a sixty-fourth each. */
  readonly maxMemoryBytes: number;
  /** Queries that read at the same time; one session of the engine runs its queries one after another. */
  readonly readers: number;
  /** Statements that write at the same time. */
  readonly writers: number;
  /** Length of one INSERT's data after decompression, in bytes. */
  readonly maxInsertBytes: number;
}

/** First message of the supervisor to its child. */
export interface EngineStart {
  readonly kind: 'start';
  readonly options: EngineOptions;
}

/** Header with the path of a file of the spool with the data of an INSERT, in place of a body. ClickHouse itself has no such thing. */
export const SPOOLED_DATA_HEADER = 'x-waybill-spooled-data';

/** Directories for the data of INSERTs; both belong to the embedded server and whoever it was started by. */
export interface SpoolPlaces {
  readonly disk: string;
  /** In shared memory; undefined where that cannot be had. */
  readonly memory: string | undefined;
}

/** What it takes to put data of INSERTs into the spool of the embedded server. */
export interface SpoolAccess {
  readonly places: SpoolPlaces;
  /** Length of one INSERT's data, in bytes. */
  readonly maxBytes: number;
}

/** Messages of the child to its supervisor. */
export type EngineReport =
  | { readonly kind: 'ready'; readonly port: number | undefined; readonly spool: SpoolPlaces }
  | { readonly kind: 'failed'; readonly reason: 'in_use' | 'engine'; readonly message: string };

/** Exit code of a child that could not start; its report says why. */
export const EXIT_REFUSED = 64;
/** Exit code of a child whose engine reported a fatal error; only a new process helps. */
export const EXIT_FATAL = 70;
