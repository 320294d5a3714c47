/** Whether a routing key matches an AMQP topic pattern: `*` is exactly one word, `#` any number of words, also none (AMQP 0-9-1, 3.1.3.3). */
export function matchesTopic(pattern: string, routingKey: string): boolean {
  return matchWords(pattern.split('.'), routingKey.split('.'));
}

/** Cost: words of the pattern × words of the key, however many `#` it has. */
function matchWords(pattern: readonly string[], words: readonly string[]): boolean {
  // reachable[j]: the pattern so far can match the first j words.
  let reachable: boolean[] = [true, ...words.map(() => false)];
  for (const part of pattern) {
    const next = reachable.map(() => false);
    for (let count = 0; count <= words.length; count += 1) {
      if (part === '#') next[count] = reachable[count] === true || (count > 0 && next[count - 1] === true);
      else if (count > 0) {
        next[count] = reachable[count - 1] === true && (part === '*' || part === words[count - 1]);
      }
    }
    reachable = next;
  }
  return reachable[words.length] === true;
}
