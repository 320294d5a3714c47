import { describe, expect, it } from 'vitest';
import { Interrupted } from './demo-error.ts';
import { formatSeconds, Terminal } from './terminal.ts';

function recorded(options: { interactive?: boolean; colour?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  let now = 0;
  const output = { write: (text: string) => written.push(text), columns: options.columns ?? 80 };
  const terminal = new Terminal(output, { interactive: false, colour: false, ...options, clock: () => now });
  return { terminal, text: () => written.join(''), pass: (milliseconds: number) => (now += milliseconds) };
}

describe('the terminal', () => {
  it('prints one aligned line with the time for a step that is done', async () => {
    const { terminal, text, pass } = recorded();
    await terminal.step(
      'RabbitMQ',
      async () => pass(4200),
      () => '3.10.8 on 127.0.0.1:5673',
    );
    expect(text()).toBe('  ✓ RabbitMQ       3.10.8 on 127.0.0.1:5673                          4.2 s\n');
  });

  it('marks a step that failed and passes its error on', async () => {
    const { terminal, text } = recorded();
    const failure = new Error('no');
    await expect(
      terminal.step(
        'Waybill',
        () => Promise.reject(failure),
        () => '',
      ),
    ).rejects.toBe(failure);
    expect(text()).toMatch(/✗ Waybill +failed/);
  });

  it('does not call an interrupted step a failure', async () => {
    const { terminal, text } = recorded();
    await expect(
      terminal.step(
        'Waybill',
        () => Promise.reject(new Interrupted()),
        () => '',
      ),
    ).rejects.toThrow(Interrupted);
    expect(text()).toMatch(/– Waybill +interrupted/);
  });

  it('writes no control sequence where it is not a TTY', () => {
    const { terminal, text } = recorded();
    terminal.status('orders 3');
    terminal.print(terminal.paint('good', 'done'));
    terminal.close();
    expect(text()).toBe('done\n');
  });

  it('keeps the status below what is printed', () => {
    const { terminal, text } = recorded({ interactive: true });
    terminal.status('orders 3');
    terminal.print('waybill was started again');
    expect(text()).toBe('orders 3\r\x1b[2Kwaybill was started again\norders 3');
  });

  it('cuts a status that would wrap', () => {
    const { terminal, text } = recorded({ interactive: true, columns: 10 });
    terminal.status('orders 3, open 2');
    expect(text()).toBe('orders 3,');
  });

  it.each([
    [0, '0.0 s'],
    [4249, '4.2 s'],
    [59_960, '1 min 00 s'],
    [125_400, '2 min 05 s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatSeconds(milliseconds)).toBe(text);
  });
});
