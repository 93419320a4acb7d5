import type {
  ConformanceUpstream,
  Fakes,
  Fault,
  ReceivedRequest,
  ScriptedAnswer,
  ScriptedUpstream,
} from '@cliproxy/plugin-testkit';

/** A fake of Acme on loopback, which goes wrong as it is told. */
export interface FakeAcme extends ConformanceUpstream {
  readonly requests: ScriptedUpstream['requests'];
  /** What it answers from now on, line by line; its `bill` and `bye` follow. */
  says(lines: readonly object[], why?: string): void;
  /** From now on, a token is none any more. */
  refuseToken(token: string): void;
}

const HELLO: readonly object[] = [
  { t: 'text', text: 'Hello' },
  { t: 'text', text: ' from Acme' },
];

/**
 * As strict as Acme is: what Acme would refuse is refused, in its words, and noted as a violation. The
 * scripted upstream plays most faults by itself, as long as an answer is sent in pieces: an endless one
 * repeats the last piece but one, an unfinished one lacks the last.
 *
 * Types alone are imported, so that the package can bring this along without the testkit.
 */
export async function startFakeAcme({
  startScriptedUpstream,
}: Pick<Fakes, 'startScriptedUpstream'>): Promise<FakeAcme> {
  const upstream = await startScriptedUpstream();
  const violations: string[] = [];
  let lines = HELLO;
  let why = 'done';
  let fault: Fault | undefined;
  const refused = new Set<string>();

  const refuse = (status: number, code: string, say: string): ScriptedAnswer => {
    violations.push(say);
    return oops(status, { code, say });
  };

  upstream.answer((request) => {
    const { method, url, headers } = request;
    if (fault?.kind === 'status' && (method === 'POST' || fault.on === 'everything')) {
      return statusFault(fault);
    }
    if (!/^Bearer \S+$/u.test(headers.authorization ?? '')) {
      return refuse(401, 'bad_token', 'a request without a token');
    }
    if (refused.has(headers.authorization?.slice('Bearer '.length) ?? '')) {
      return oops(401, { code: 'bad_token', say: 'The token has ended.' });
    }
    if (method === 'GET' && url === '/v2/engines') {
      return json({ engines: [{ name: 'acme-owl', words: 32_000 }, { name: 'acme-wren' }] });
    }
    if (method !== 'POST' || url !== '/v2/talks') {
      return refuse(404, 'no_engine', `${method} ${url} is none of Acme's addresses`);
    }
    const fit = unfit(request);
    if (fit !== undefined) return refuse(400, 'bad_talk', fit);
    const last = [
      { t: 'bill', words_in: 3, words_out: lines.length },
      { t: 'bye', why },
    ];
    return {
      headers: { 'content-type': 'application/x-ndjson' },
      body: [
        ...[{ t: 'hello', talk: 'talk-1' }, ...lines].map(written),
        last.map(written).join(''),
      ],
    };
  });

  return {
    url: upstream.url,
    requests: upstream.requests,
    violations,
    says: (given, ending = 'done') => {
      lines = given;
      why = ending;
    },
    refuseToken: (token) => void refused.add(token),
    fault: (given) => {
      fault = given;
      // An error has Acme's own form; all else is the same for every upstream.
      upstream.fault(given?.kind === 'status' ? undefined : given);
    },
    close: () => upstream.close(),
  };
}

/** What Acme objects to in a question; undefined: nothing. */
function unfit({ body }: ReceivedRequest): string | undefined {
  const { engine, lines, ...rest } = JSON.parse(body.toString()) as Record<string, unknown>;
  if (typeof engine !== 'string') return '`engine` is no text';
  if (!Array.isArray(lines) || lines.length === 0) return '`lines` is no list, or empty';
  const known = ['rules', 'tools', 'tool_use', 'word_limit', 'warmth'];
  const strange = Object.keys(rest).find((name) => !known.includes(name));
  return strange === undefined ? undefined : `\`${strange}\` is none of Acme's fields`;
}

function statusFault(fault: Extract<Fault, { kind: 'status' }>): ScriptedAnswer {
  const { status, code, message = `status ${status}`, retryAfter: seconds } = fault;
  return oops(status, {
    say: message,
    ...(code !== undefined && { code }),
    ...(seconds !== undefined && { wait_s: seconds }),
  });
}

function oops(status: number, what: object): ScriptedAnswer {
  return { ...json({ oops: what }), status };
}

function json(value: object): ScriptedAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function written(line: object): string {
  return `${JSON.stringify(line)}\n`;
}
