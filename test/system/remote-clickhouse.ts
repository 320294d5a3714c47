// A ClickHouse server in a process of its own, for the test of a remote store: the embedded engine, listening on loopback with a
// password. Argument: its directory. Says one line of JSON with its URL and password when it is ready; SIGTERM ends it.
import { EmbeddedEngine } from '../../src/store/engine/supervisor.ts';

const engine = new EmbeddedEngine({
  directory: process.argv[2] ?? '',
  maxMemoryBytes: 1024 ** 3,
  listen: 'loopback',
  log: () => undefined,
});
process.once('SIGTERM', () => void engine.stop());
const { url, password } = await engine.start();
process.stdout.write(`${JSON.stringify({ url, password: password?.reveal() })}\n`);
