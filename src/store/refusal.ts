/** The server answered that it will not: its error code and name, and what it said, which may hold data of the statement. */
export class StoreRefusal extends Error {
  readonly code: string;
  readonly type: string | undefined;

  constructor(code: string, type: string | undefined, message: string) {
    super(message);
    this.code = code;
    this.type = type;
  }
}

/** `Code: 60. DB::Exception: text (UNKNOWN_TABLE) (version …)`; a server that asked others says it twice, and the last one is the cause. */
const EXCEPTION = /^(?:.*Exception: )?(?<text>.+?)\((?<type>[A-Z][A-Z0-9_]{2,})\)/s;
const CODE = /^(?:Code|Error): (\d+)/;
/** Longest text that is looked at: what answers in place of a store may say anything. */
const MAX_TEXT = 20_000;

/**
 * The refusal that an answer carries: its code in `X-ClickHouse-Exception-Code` or in the text; undefined where the answer is not from
 * ClickHouse.
 */
export function readRefusal(header: string | undefined, body: string): StoreRefusal | undefined {
  const text = body.slice(0, MAX_TEXT);
  const code = header ?? CODE.exec(text)?.[1];
  if (code === undefined) return undefined;
  const { type, text: message } = EXCEPTION.exec(text)?.groups ?? {};
  return new StoreRefusal(code, type, message ?? text);
}
