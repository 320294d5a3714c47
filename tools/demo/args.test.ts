import { describe, expect, it } from 'vitest';
import { parseDemoArgs } from './args.ts';

describe('the command line of the demo', () => {
  it('has defaults for everything', () => {
    expect(parseDemoArgs([], {})).toEqual({
      kind: 'run',
      options: {
        orders: 0,
        exit: false,
        seed: undefined,
        faultRate: 0.25,
        timeScale: 1,
        ordersPerMinute: 12,
        dataDir: undefined,
        fresh: false,
        port: undefined,
        keep: false,
        verbose: false,
        amqpUrl: undefined,
        postgresUrl: undefined,
      },
    });
  });

  it('reads every option', () => {
    const line =
      '--orders 3 --exit --seed AB1 --fault-rate 0.5 --time-scale 0.1 --orders-per-minute 60 --data-dir /d --fresh ' +
      '--port 9000 --keep --verbose --amqp-url amqp://u:p@h:1 --postgres-url postgresql://u:p@h/db';
    expect(parseDemoArgs(line.split(' '), {})).toEqual({
      kind: 'run',
      options: {
        orders: 3,
        exit: true,
        seed: 'AB1',
        faultRate: 0.5,
        timeScale: 0.1,
        ordersPerMinute: 60,
        dataDir: '/d',
        fresh: true,
        port: 9000,
        keep: true,
        verbose: true,
        amqpUrl: 'amqp://u:p@h:1',
        postgresUrl: 'postgresql://u:p@h/db',
      },
    });
  });

  it('asks for help with --help and -h', () => {
    expect(parseDemoArgs(['--help'], {})).toEqual({ kind: 'help' });
    expect(parseDemoArgs(['-h'], {})).toEqual({ kind: 'help' });
  });

  it.each([
    [['--orders', '0'], '--orders is "0"; it takes a whole number from 1 to 10000.'],
    [['--orders', '2.5'], '--orders is "2.5"'],
    [['--fault-rate', '1.1'], '--fault-rate is "1.1"; it takes a number from 0 to 1.'],
    [['--fault-rate', ''], '--fault-rate is ""'],
    [['--port', '70000'], '--port is "70000"'],
    [['--seed', 'no good'], '--seed is "no good"; it takes 1 to 16 letters and digits.'],
    [['--exit'], '--exit needs --orders N'],
    [['--amqp-url', 'http://host'], '--amqp-url takes amqp://'],
    [['--colour'], "Unknown option '--colour'"],
    [['stray'], 'stray'],
  ])('refuses %j and says what is accepted', (args, message) => {
    const parsed = parseDemoArgs(args, {});
    expect(parsed.kind === 'invalid' && parsed.message).toContain(message);
  });

  it('never repeats a server URL, which holds a password', () => {
    const parsed = parseDemoArgs(['--postgres-url', 'mysql://u:secret@h'], {});
    expect(parsed.kind === 'invalid' && parsed.message).not.toContain('secret');
  });

  it('takes servers from the environment, and prefers the command line', () => {
    const env = { WAYBILL_DEMO_AMQP_URL: 'amqp://env', WAYBILL_DEMO_POSTGRES_URL: 'postgres://env' };
    const parsed = parseDemoArgs(['--amqp-url', 'amqp://line'], env);
    expect(parsed).toMatchObject({ options: { amqpUrl: 'amqp://line', postgresUrl: 'postgres://env' } });
  });

  it('explains the two dashes when npm has swallowed the options', () => {
    const parsed = parseDemoArgs(['5'], { npm_config_orders: 'true', npm_config_exit: 'true' });
    expect(parsed.kind === 'invalid' && parsed.message).toContain('npm took --orders --exit for itself');
  });
});
