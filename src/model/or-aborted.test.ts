import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { orAborted } from './or-aborted.ts';

describe('orAborted', () => {
  it('comes to what the work comes to, and leaves nothing at the signal', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(new Error('work')), signal)).rejects.toThrow('work');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects with the reason of the signal, before and during the work', async () => {
    const controller = new AbortController();
    const waiting = orAborted(new Promise(() => undefined), controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toThrow('enough');
    // Nobody waits for this one any more: it must not end the process.
    await expect(orAborted(Promise.reject(new Error('late')), controller.signal)).rejects.toThrow('enough');
  });
});
