// Lets Node run the sources as they are, without a build: `node --import FILE script.ts`.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
