import { setTimeout as delay } from 'node:timers/promises';
import { config } from './config.ts';
import { draw } from './seeded.ts';

/** How long people and machines take, in seconds at time scale 1: least and most. All of it is about two minutes. */
const stepSeconds = {
  chooseModel: [4, 10],
  readTerms: [3, 8],
  calculatePrice: [10, 24],
  approve: [10, 20],
  startManufacturing: [8, 16],
  manufacture: [20, 34],
  startPackaging: [5, 10],
  ship: [6, 14],
  delivery: [15, 30],
  /** Before something that failed is tried again. */
  retry: [5, 8],
} as const satisfies Record<string, readonly [number, number]>;

/** A step somebody takes with an order. */
export type Step = keyof typeof stepSeconds;

/** How long this step of this order takes, in scaled milliseconds; the same for the same order and step. */
export function stepMs(orderId: string, step: Step): number {
  const [least, most] = stepSeconds[step];
  return scaledMs(least + draw(`${orderId}:${step}`) * (most - least));
}

/** Seconds at time scale 1 as milliseconds at the configured scale. */
export function scaledMs(seconds: number): number {
  return seconds * 1000 * config.timeScale;
}

/** How often workers and customers look at their lists: half a second, scaled, 50 ms to 1 s. */
export const lookEveryMs = Math.min(1000, Math.max(50, scaledMs(0.5)));

/** How long the MES draws one picture of a 3D model: a fifth of a second, scaled; of one that is too much for it, six. */
export const previewMs = { ordinary: scaledMs(0.2), huge: scaledMs(6) };

/** How long a request to be called back is worth anything: eight seconds, scaled, at least half a second. */
export const callbackTtlMs = Math.max(500, scaledMs(8));

/** How long the MES waits for a 3D file from the shop: three seconds, scaled, at least 200 ms. */
export const modelReadTimeoutMs = Math.max(200, scaledMs(3));

/**
 * How long somebody waits before the next attempt after so many failed ones, in milliseconds: two seconds, scaled, at
 * least 250 ms; twice as long each time, up to five seconds.
 */
export function backoffMs(failures: number): number {
  const first = Math.max(250, scaledMs(2));
  return Math.min(first * 2 ** (failures - 1), Math.max(first, 5000));
}

/** Waits; throws the signal's reason as soon as the process is being stopped. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
