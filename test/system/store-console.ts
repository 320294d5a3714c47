import { request } from 'node:http';
import { join } from 'node:path';

/**
 * Asks the embedded store of a data directory itself, past Waybill: for what the API must not show, duplicates and redacted values.
 *
 * @returns the answer as text, tab-separated where the statement names no format
 */
export function askStore(dataDir: string, sql: string): Promise<string> {
  const options = { socketPath: join(dataDir, 'store/engine.sock'), path: '/?database=waybill', method: 'POST' };
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(text.trim());
        else reject(new Error(`the store answered ${response.statusCode}: ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(sql);
  });
}
