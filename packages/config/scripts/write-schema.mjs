// Writes config/cliproxy.schema.json; run after a build: npm run schema -w packages/config
import { writeFile } from 'node:fs/promises';
import { configJsonSchema } from '../dist/index.js';

const file = new URL('../../../config/cliproxy.schema.json', import.meta.url);
await writeFile(file, `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
