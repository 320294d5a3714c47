import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configurationDocument } from './configuration.ts';
import { performanceDocument } from './performance.ts';

/* Writes the documents that are made from the code: `npm run docs`. */

const root = resolve(import.meta.dirname, '../..');
writeFileSync(join(root, 'docs/configuration.md'), configurationDocument());
writeFileSync(join(root, 'docs/performance.md'), performanceDocument());
