import { isSensitiveKey, REDACTED, redactJson } from './sensitive-keys.ts';

/*
 * Every pattern costs time linear in the text: no quantifier is unbounded, and a look-behind keeps a run of characters from being
 * tried again from its middle.
 */

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g;
const USER_OF_URL = /(?<![\w+.-])([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/?#@"'<>]{1,256}@/gi;
const AUTHORIZATION =
  /(?<![\w-])((?:proxy-)?authorization["']?\s{0,2}[:=]\s{0,2}["']?)(?:(?:basic|bearer|digest|negotiate|token|apikey)\s{1,3})?[^\s"',;]{1,8192}/gi;
/** The word is also ordinary prose; a token has a digit in it. */
const BEARER = /(?<!\w)(bearer\s{1,3})(?=[A-Za-z._~+/=-]{0,64}\d)[A-Za-z0-9._~+/=-]{16,8192}/gi;
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{8,8192}\.[\w-]{2,8192}(?:\.[\w-]{0,2048})?/g;
const EMAIL = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,256}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,6}/gu;

/** `phone=+79…`, `fullName=Anna Petrova`: a bare value goes on over words that begin with a capital. */
const ASSIGNMENT =
  /(?<![\w.-])([A-Za-z][\w.-]{0,63})(\s{0,2}=\s{0,2})(?:"[^"\n]{0,1024}"|'[^'\n]{0,1024}'|[^\s,;&"'<>(){}[\]]{1,1024}(?: \p{Lu}[\p{L}.-]{0,63}(?![\p{L}.=-])){0,4})/gu;
/** `"phone": "+79…"`, as in JSON that is quoted in a sentence. */
const MEMBER = /"([^"\n]{1,64})"(\s{0,2}:\s{0,2})(?:"(?:[^"\\\n]|\\.){0,1024}"|-?\d[\d.]{0,40})/g;
/** With a colon only what cannot be prose: `token: …`, not `mail: sent`. */
const SECRET =
  /(?<![\w.-])(password|passwd|pwd|secret|token|api[-_ ]?key|cookie)(\s{0,2}:\s{0,2})[^\s,;"'<>]{1,1024}/gi;

const CARD = /(?<![\w.-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|3[47]\d\d([ -])\d{6}\2\d{5}|\d{13,19})(?![\w-])/g;
/** First digits of the card schemes: Mir, Mastercard, Visa, Amex, Diners, UnionPay, Maestro. */
const CARD_SCHEME = /^(?:220[0-4]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|4|5[0-8]|3[0-9]|6)/;
const PHONE_ABROAD = /(?<![\w+])\+\d{1,3}[ -]?(?:\(\d{2,5}\)|\d{2,5})(?:[ -]?\d{2,4}){2,4}(?!\d)/g;
/** Eleven digits from 7 or 8; without separators only codes that order numbers and times rarely begin with. */
const PHONE_RUSSIAN =
  /(?<![\w.+-])(?:[78][ -]\(?[3489]\d\d\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d|[78]\([3489]\d\d\)[ -]?\d{3}[ -]?\d\d[ -]?\d\d|[78]9\d{9})(?![\w-])/g;
const SNILS = /(?<![\w-])\d{3}-\d{3}-\d{3}[ -]\d\d(?![\w-])/g;
/** Numbers without a shape of their own are known by the word before them. */
const DOCUMENT =
  /(?<!\p{L})((?:ИНН|INN|СНИЛС|паспорт\p{L}{0,3})[^\d\n\p{L}]{0,6}(?:серия|номер|№)?[^\d\n\p{L}]{0,6})\d(?:[ -]?\d){8,13}(?!\d)/giu;

/**
 * Masks personal data and secrets in prose: log lines, messages and stacks of exceptions. Returns the same text when it has none.
 *
 * Text has no keys to go by, so it finds only what has a shape: e-mail addresses, phone and card numbers, tokens, passwords in URLs,
 * `key=value` under sensitive keys, and numbers of Russian documents behind their names. Names and addresses in prose stay.
 */
export function redactFreeText(text: string, extra: ReadonlySet<string>): string {
  let safe = text;
  if (safe.includes('PRIVATE KEY')) safe = safe.replace(PRIVATE_KEY, REDACTED);
  if (safe.includes('://')) safe = safe.replace(USER_OF_URL, `$1${REDACTED}@`);
  safe = safe.replace(AUTHORIZATION, `$1${REDACTED}`).replace(BEARER, `$1${REDACTED}`);
  if (safe.includes('eyJ')) safe = safe.replace(JSON_WEB_TOKEN, REDACTED);
  const mask = (whole: string, key: string, between: string): string =>
    isSensitiveKey(key, extra) && !whole.includes(REDACTED) ? `${key}${between}${REDACTED}` : whole;
  if (safe.includes('=')) safe = safe.replace(ASSIGNMENT, mask);
  if (safe.includes(':')) {
    safe = safe.replace(SECRET, (whole: string, key: string, between: string) =>
      whole.includes('[') ? whole : `${key}${between}${REDACTED}`,
    );
    safe = safe.replace(MEMBER, (whole: string, key: string, between: string) =>
      isSensitiveKey(key, extra) && !whole.includes(REDACTED) ? `"${key}"${between}"${REDACTED}"` : whole,
    );
  }
  if (safe.includes('@')) safe = safe.replace(EMAIL, REDACTED);
  return /\d{2}/.test(safe) ? redactNumbers(safe) : safe;
}

function redactNumbers(text: string): string {
  return text
    .replace(DOCUMENT, `$1${REDACTED}`)
    .replace(CARD, (whole) => (isCard(whole.replace(/\D/g, '')) ? REDACTED : whole))
    .replace(SNILS, REDACTED)
    .replace(PHONE_ABROAD, (whole) => (isPhoneLength(whole) ? REDACTED : whole))
    .replace(PHONE_RUSSIAN, REDACTED);
}

function isPhoneLength(text: string): boolean {
  const digits = text.replace(/\D/g, '').length;
  return digits >= 10 && digits <= 15;
}

/** The scheme's first digits and the check digit (ISO/IEC 7812): most numbers of that length are no cards. */
function isCard(digits: string): boolean {
  if (digits.length < 13 || !CARD_SCHEME.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Redacts a text that may be JSON: an object or array by its keys, with its strings read as prose; anything else as prose.
 * Returns the same text when nothing had to change.
 */
export function redactBody(text: string, extra: ReadonlySet<string>): string {
  const isJson = /^\s{0,64}[{[]/.test(text) && isParsable(text);
  if (!isJson) return redactFreeText(text, extra);
  return redactJson(text, extra, (string) => redactFreeText(string, extra)) ?? text;
}

function isParsable(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
