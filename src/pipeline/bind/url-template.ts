/** Matches the path of a URL and returns the order id in it, or undefined. */
export type UrlMatcher = (url: string) => string | undefined;

type Part = { kind: 'literal'; text: string } | { kind: 'order' } | { kind: 'any' } | { kind: 'rest' };

const MAX_URL_LENGTH = 2048;

/** Compiles a template such as `/orders/{orderId}/**`: `{orderId}` and `*` are one segment, a final `**` is any rest, also none. */
export function compileUrlTemplate(template: string): UrlMatcher {
  const parts = template
    .slice(1)
    .split('/')
    .map((text): Part => {
      if (text === '{orderId}') return { kind: 'order' };
      if (text === '*') return { kind: 'any' };
      if (text === '**') return { kind: 'rest' };
      return { kind: 'literal', text };
    });
  return (url) => matchPath(parts, pathSegments(url));
}

function matchPath(parts: readonly Part[], segments: readonly string[]): string | undefined {
  let orderId: string | undefined;
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'rest') return orderId;
    const segment = segments[index];
    if (segment === undefined || segment === '') return undefined;
    if (part.kind === 'literal' && part.text !== segment) return undefined;
    if (part.kind === 'order') orderId = decodeSegment(segment);
  }
  return segments.length === parts.length ? orderId : undefined;
}

function pathSegments(url: string): string[] {
  const withoutOrigin = url.slice(0, MAX_URL_LENGTH).replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const end = withoutOrigin.search(/[?#]/);
  const path = end < 0 ? withoutOrigin : withoutOrigin.slice(0, end);
  return path.replace(/^\//, '').replace(/\/$/, '').split('/');
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
