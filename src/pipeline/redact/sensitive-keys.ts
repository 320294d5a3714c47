/** What stands in the place of a redacted value. */
export const REDACTED = '[redacted]';

/** A key is sensitive when one of its words is one of these. Words end at `.`, `_`, `-`, `/`, `:`, a space, or a camel-case hump. */
const SENSITIVE_WORDS: ReadonlySet<string> = new Set(
  [
    'password passwd pwd passphrase secret secrets token tokens jwt bearer authorization cookie cookies apikey credential credentials',
    'phone telephone tel mobile msisdn email mail firstname lastname surname fullname patronymic birthday birthdate',
    'card pan cvv cvc cvv2 iban passport inn snils ogrn',
  ].flatMap((line) => line.split(' ')),
);

/** Two neighbouring words that are sensitive together; either alone is an ordinary technical word. */
const SENSITIVE_PAIRS: ReadonlySet<string> = new Set([
  'api key',
  'private key',
  'access key',
  'set cookie',
  'full name',
  'first name',
  'last name',
  'middle name',
  'birth date',
  'customer name',
  'client name',
  'user name',
  'enduser name',
  'recipient name',
  'contact name',
  'buyer name',
  'customer address',
  'delivery address',
  'shipping address',
  'billing address',
  'home address',
  'postal address',
  'street address',
  'phone number',
  'account number',
  'tax id',
  'postgresql values',
  'e mail',
]);

/** Values of these keys are URLs, whose query may carry sensitive parameters. */
const URL_KEYS: ReadonlySet<string> = new Set(['url.full', 'url.query', 'http.url', 'http.target', 'url.original']);

function wordsOf(key: string): string[] {
  return key
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[._\-/:\s[\]]+/)
    .filter((word) => word !== '');
}

/** Decides whether the value under a key must never be stored. */
export function isSensitiveKey(key: string, extra: ReadonlySet<string>): boolean {
  if (extra.has(key)) return true;
  const words = wordsOf(key);
  return words.some(
    (word, index) => SENSITIVE_WORDS.has(word) || (index > 0 && SENSITIVE_PAIRS.has(`${words[index - 1]} ${word}`)),
  );
}

/** Whether values of the key are URLs or URL queries. */
export function isUrlKey(key: string): boolean {
  return URL_KEYS.has(key);
}

/** Replaces the values of sensitive query parameters and the user information of a URL; returns the text unchanged when it has none. */
export function redactUrl(url: string, extra: ReadonlySet<string>): string {
  const withoutUser = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, `$1${REDACTED}@`);
  const question = withoutUser.indexOf('?');
  const start = question >= 0 ? question + 1 : withoutUser.includes('://') || withoutUser.startsWith('/') ? -1 : 0;
  if (start < 0) return withoutUser;
  const hash = withoutUser.indexOf('#', start);
  const end = hash < 0 ? withoutUser.length : hash;
  const parameters = withoutUser
    .slice(start, end)
    .split('&')
    .map((parameter) => redactParameter(parameter, extra))
    .join('&');
  return withoutUser.slice(0, start) + parameters + withoutUser.slice(end);
}

function redactParameter(parameter: string, extra: ReadonlySet<string>): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  let decoded = name;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    // An undecodable name is judged as it stands.
  }
  return isSensitiveKey(decoded, extra) ? `${name}=${REDACTED}` : parameter;
}

/**
 * Replaces sensitive members of a JSON value in place of their values, and its strings by what `redactString` makes of them; returns
 * undefined when nothing had to change.
 */
export function redactJson(
  text: string,
  extra: ReadonlySet<string>,
  redactString: (text: string) => string = (unchanged) => unchanged,
): string | undefined {
  let changed = false;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === 'string') {
      const safe = redactString(value);
      if (safe !== value) changed = true;
      return safe;
    }
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value).map(([key, member]): [string, unknown] => {
      if (!isSensitiveKey(key, extra)) return [key, walk(member)];
      changed = true;
      return [key, REDACTED];
    });
    return Object.fromEntries(entries);
  };
  try {
    const walked = walk(JSON.parse(text));
    return changed ? JSON.stringify(walked) : undefined;
  } catch {
    // Not JSON after all: nothing is known about its inside, so nothing of it is kept.
    return JSON.stringify(REDACTED);
  }
}
