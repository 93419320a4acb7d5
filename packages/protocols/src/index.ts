export { createDialects } from './hub/dialects.ts';
