// Prints what was measured.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Median and range. */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export function printHead({ base }) {
  const more = base === undefined ? '' : '  to base (min … max)';
  console.log(`\n${'CPU per'.padEnd(42)}pipe µs  router µs  ratio (min … max)     aim${more}`);
}

export function printCase({ name, per, aim, pipeUs, routerUs, ratio, toBase }) {
  const more = toBase === undefined ? '' : `   ${ranged(toBase)}`;
  console.log(
    `${name.padEnd(33)} ${per.padEnd(7)} ${number(pipeUs, 8)}  ${number(routerUs, 9)}  ${ranged(ratio).padEnd(20)}  ${aim.toFixed(2)}${more}`,
  );
}

export function printFirstText({ pipeMs, routerMs, addedMs }) {
  console.log(
    `\n${'time to first text, ms'.padEnd(34)}pipe        router      added\n` +
      `${'one stream at a time'.padEnd(34)}${number(pipeMs, 10)}  ${number(routerMs, 10)}  ${number(addedMs, 9)}`,
  );
}

export function printRelay({ pipeMs, routerMs, addedMs }) {
  console.log(
    `\n${'time to first text, ms'.padEnd(34)}pipe        relay       added\n` +
      `${'through a relay page'.padEnd(34)}${number(pipeMs, 10)}  ${number(routerMs, 10)}  ${number(addedMs, 9)}  aim under 50`,
  );
}

export function printLogins(ways) {
  console.log(`\n${'time to first text by a login, ms'.padEnd(34)}direct      router      added`);
  for (const { name, directMs, routerMs, addedMs, ceilingMs } of ways) {
    const above = addedMs > ceilingMs ? '  ABOVE IT' : '';
    console.log(
      `${name.padEnd(34)}${number(directMs, 10)}  ${number(routerMs, 10)}  ${number(addedMs, 9)}  ceiling ${ceilingMs}${above}`,
    );
  }
}

export function printHooks(measured) {
  console.log(
    `\n${'CPU with hooks per'.padEnd(44)}without µs  redact µs  hook elsewhere       redact to without`,
  );
  for (const one of measured) {
    console.log(
      `${one.name.padEnd(35)} ${one.per.padEnd(7)} ${number(one.noneUs, 10)} ` +
        `${number(one.redactUs, 10)}  ${ranged(one.elsewhereRatio).padEnd(20)} ${ranged(one.redactRatio)}`,
    );
  }
}

export function printIsolation(measured) {
  console.log(
    `\n${'CPU of an isolated instance per'.padEnd(44)}beside µs  router µs  process µs  ` +
      'router to beside     both to beside       added ms',
  );
  for (const one of measured) {
    console.log(
      `${one.name.padEnd(35)} ${one.per.padEnd(7)} ${number(one.inProcessUs, 10)} ` +
        `${number(one.gatewayUs, 10)} ${number(one.processUs, 11)}  ` +
        `${ranged(one.gatewayRatio).padEnd(20)} ${ranged(one.wholeRatio).padEnd(20)} ` +
        one.addedMs.toFixed(2),
    );
  }
}

export function printStart({ readyMs, cpuMs, idleMb }) {
  console.log(
    `\n${'start-up'.padEnd(34)}pipe        router\n` +
      `${row('start to ready, ms', readyMs)}  aim under 1000\n` +
      `${row('start to ready, CPU ms', cpuMs)}\n` +
      `${row('idle memory, MB (RSS)', idleMb)}  aim under 85`,
  );
}

function row(name, { pipe, router }) {
  return `${name.padEnd(34)}${number(pipe, 10)}  ${number(router, 10)}`;
}

function ranged({ median: middle, min, max }) {
  return `${middle.toFixed(2)} (${min.toFixed(2)} … ${max.toFixed(2)})`;
}

function number(value, width) {
  return value.toFixed(value < 100 ? 1 : 0).padStart(width);
}
