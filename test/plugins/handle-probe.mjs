// Loaded into a gateway's process by `--import`: at SIGUSR2 it writes what the process holds into a file.
import { readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const file = process.env.HANDLE_PROBE_FILE;

function openFiles() {
  const counts = {};
  let names;
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    // Only Linux tells.
    return counts;
  }
  for (const name of names) {
    try {
      const kind = readlinkSync(`/proc/self/fd/${name}`)
        .replace(/:.*$/u, '')
        .replace(/^\/.*/u, 'file');
      counts[kind] = (counts[kind] ?? 0) + 1;
    } catch {
      // The one that lists them.
    }
  }
  return counts;
}

process.on('SIGUSR2', () => {
  gc();
  gc();
  const resources = {};
  for (const one of process.getActiveResourcesInfo()) resources[one] = (resources[one] ?? 0) + 1;
  const { heapUsed, rss } = process.memoryUsage();
  const held = { resources, files: openFiles(), heapBytes: heapUsed, rssBytes: rss };
  writeFileSync(`${file}.part`, JSON.stringify(held));
  renameSync(`${file}.part`, file);
});
