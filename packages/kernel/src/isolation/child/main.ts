/** The program of a plugin's process. Its descriptor 3 leads to the gateway. */
import { Socket } from 'node:net';
import { PluginProcess } from './plugin-process.ts';

const GATEWAY_FD = 3;
const FAULT_CODE = 70;

/** The last line is what the gateway says of its end. */
function onFault(kind: string, fault: unknown): void {
  const error = fault instanceof Error ? fault : new Error(String(fault));
  console.error(`${error.stack ?? error.message}\n${kind} ${error.name}: ${error.message}`);
  process.exit(FAULT_CODE);
}

process.on('uncaughtException', (error) => onFault('uncaught', error));
process.on('unhandledRejection', (reason) => onFault('unhandled rejection of', reason));
process.on('SIGTERM', () => process.exit(0));
new PluginProcess(new Socket({ fd: GATEWAY_FD }), () => process.exit(0));
