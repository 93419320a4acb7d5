/**
 * Version of this contract, `major.minor`. While the major is 0, plugin and gateway must agree on
 * both numbers; from 1.0 on, a plugin works with every gateway of its major and the same or a later
 * minor.
 */
export const API_VERSION = '1.1';
