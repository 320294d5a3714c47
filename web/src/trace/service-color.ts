/** Names of the colours that services get; each is defined for both themes in `styles.css`. */
const PALETTE = ['blue', 'orange', 'teal', 'violet', 'pink', 'lime', 'cyan', 'brown'] as const;
export type ServiceColor = (typeof PALETTE)[number];

function hash(text: string): number {
  let value = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 16_777_619);
  }
  return value >>> 0;
}

/**
 * Gives every service a colour: the one its name hashes to, so that it is the same in every trace, or the next free
 * one where two services of this trace would share it. With more services than colours they repeat; the name is always
 * written beside the colour.
 */
export function serviceColors(services: readonly string[]): ReadonlyMap<string, ServiceColor> {
  const colors = new Map<string, ServiceColor>();
  const taken = new Set<ServiceColor>();
  for (const service of [...new Set(services)].toSorted()) {
    let slot = hash(service) % PALETTE.length;
    for (let tries = 0; tries < PALETTE.length && taken.has(PALETTE[slot] ?? 'blue'); tries += 1) {
      slot = (slot + 1) % PALETTE.length;
    }
    const color = PALETTE[slot] ?? 'blue';
    colors.set(service, color);
    taken.add(color);
  }
  return colors;
}
