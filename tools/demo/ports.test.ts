import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { DemoError } from './demo-error.ts';
import { anyFreePort, isFree, PortChooser, portOwner } from './ports.ts';

const servers: Server[] = [];

async function occupiedPort(): Promise<number> {
  const port = await anyFreePort();
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  return port;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

describe('the ports of the demo', () => {
  it('keeps the preferred port when it is free', async () => {
    const port = await anyFreePort();
    expect(await new PortChooser().prefer(port)).toEqual({ port, moved: false });
  });

  it('moves to a free port when the preferred one is used, and says so', async () => {
    const port = await occupiedPort();
    const chosen = await new PortChooser().prefer(port);
    expect(chosen.moved).toBe(true);
    expect(chosen.port).not.toBe(port);
    expect(await isFree(chosen.port)).toBe(true);
  });

  it('never hands out the same port twice', async () => {
    const port = await anyFreePort();
    const chooser = new PortChooser();
    expect((await chooser.prefer(port)).port).not.toBe((await chooser.prefer(port)).port);
  });

  it('refuses a used port that the user named, with the process that holds it and the remedy', async () => {
    const port = await occupiedPort();
    const refusal = await new PortChooser().demand(port, '--port').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DemoError);
    expect(refusal).toMatchObject({ message: expect.stringContaining(`Port ${port} is already used by`) });
    expect(refusal instanceof DemoError && refusal.remedy.join()).toContain('--port');
  });

  it.runIf(process.platform === 'linux')('finds out who listens on a port', async () => {
    expect(portOwner(await occupiedPort())?.pid).toBe(process.pid);
    expect(portOwner(await anyFreePort())).toBeUndefined();
  });
});
