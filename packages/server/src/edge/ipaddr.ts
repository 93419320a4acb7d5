import { createRequire } from 'node:module';
import type * as Ipaddr from 'ipaddr.js';

/**
 * The library for IP addresses. Not by `import`: Node would search it for the names that it
 * exports, and spend more time and memory on that than on running it.
 */
export const ipaddr = createRequire(import.meta.url)('ipaddr.js') as typeof Ipaddr;
