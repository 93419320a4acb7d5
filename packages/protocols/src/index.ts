export { createDialects } from './hub/dialects.ts';
export { ItemMemory } from './hub/item-memory.ts';
