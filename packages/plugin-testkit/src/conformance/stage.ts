import { randomBytes } from 'node:crypto';
import type { Dialect } from '@cliproxy/plugin-api';
import { openClientSocket } from '../client-socket.ts';
import { startCtonew } from '../ctonew/start-ctonew.ts';
import { startOAuthServer } from '../oauth/start-oauth-server.ts';
import { startScriptedUpstream } from '../scripted-upstream.ts';
import { startTestGateway } from '../start-test-gateway.ts';
import type { TestGateway, TestPlugin } from '../start-test-gateway.ts';
import { startVendor } from '../upstreams/start-vendor.ts';
import { readStream, readWhole } from './answers.ts';
import type { ReadAnswer } from './answers.ts';
import { deadAddress } from './dead-address.ts';
import { configFor, takesCredentials } from './config-of.ts';
import type { ConformanceUpstream } from './conformance.ts';
import { written } from './questions.ts';
import { STAND_IN, standIn, standInPackage } from './stand-in.ts';
import type { Subject } from './subject.ts';
import { watched } from './watch.ts';
import type { Watch, WatchOptions } from './watch.ts';

/** What a stage should be like. */
export interface StageWish extends WatchOptions {
  /** In which the plugin is asked, and its upstream speaks. */
  readonly dialect?: Dialect;
  /** How many accounts are configured; default 1. */
  readonly accounts?: number;
  /** In the place of the configuration that the check would make. */
  readonly config?: (usual: object, upstreamUrl: string) => object;
}

/** A gateway with the plugin in it, and the fake of what it talks to. */
export interface Stage {
  readonly dialect: Dialect;
  readonly gateway: TestGateway;
  readonly upstream: ConformanceUpstream | undefined;
  readonly watch: Watch;
  readonly config: object;
  readonly credentials: readonly string[];
  /** Asks and reads the answer to its end. Never rejects because of what comes. */
  ask(question?: Asked): Promise<Heard>;
  /** Forgets what stands against the accounts, so that the next question reaches the plugin. */
  forgive(): Promise<void>;
  close(): Promise<void>;
}

/** What is asked. */
interface Asked {
  /** Default false. */
  readonly stream?: boolean;
  /** Default: a few words. */
  readonly text?: string;
  readonly signal?: AbortSignal;
}

/** What a client heard. */
interface Heard extends ReadAnswer {
  /** 0 where no answer came. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Whether the body ended in good order. */
  readonly arrived: boolean;
  /** Whether a client takes it for a whole answer. */
  readonly complete: boolean;
}

/** The name by which clients ask for the plugin's model. */
export const MODEL = 'conformance-model';
const TEXT = Array.from({ length: 12 }, (_, at) => `word${at}`).join(' ');

/** Starts a gateway, and before it what the plugin talks to. */
export async function openStage(
  subject: Subject,
  wish: StageWish & { readonly dialect: Dialect },
): Promise<Stage> {
  const { dialect, accounts = 1 } = wish;
  const upstream = await upstreamOf(subject, dialect);
  const credentials = takesCredentials(subject)
    ? (upstream?.credentials?.slice(0, accounts) ?? Array.from({ length: accounts }, canary))
    : [];
  const url = upstream?.url ?? (await deadAddress());
  const usual = configFor(subject, { url, upstream, credentials });
  const config = wish.config?.(usual, url) ?? usual;
  const own = watched(subject.plugin, wish);
  const answering = subject.hooksOnly ? watched(standIn()) : undefined;
  // Whoever answers is watched for how it is asked.
  const watch = answering === undefined ? own : { ...own, calls: answering.calls };
  try {
    const gateway = await startTestGateway({
      plugins: [
        { plugin: own.plugin, packageJson: subject.packageJson, instanceId: 'checked', config },
        ...(answering === undefined ? [] : [standInFor(answering, url, dialect)]),
      ],
      config: settingsFor(
        modelOf(subject, dialect),
        answering === undefined ? 'checked' : STAND_IN,
      ),
    });
    await upstream?.meet?.(gateway.url);
    return {
      ...{ dialect, gateway, upstream, watch, config, credentials },
      ask: (question) => ask(gateway, dialect, question ?? {}),
      async forgive() {
        await (await gateway.ask('/v1/accounts/reset', { admin: true, body: {} })).arrayBuffer();
      },
      async close() {
        await gateway.stop();
        await upstream?.close();
      },
    };
  } catch (error) {
    await upstream?.close();
    throw error;
  }
}

function standInFor({ plugin }: Watch, baseUrl: string, dialect: Dialect): TestPlugin {
  return {
    plugin,
    packageJson: standInPackage,
    instanceId: STAND_IN,
    config: { baseUrl, dialect },
  };
}

/** What no program writes by chance, and no part of which says anything. */
export function canary(): string {
  return `k${BigInt(`0x${randomBytes(20).toString('hex')}`).toString(36)}`;
}

/** Whoever fails is tried again at once: each question is to reach the plugin. */
export function settingsFor(model: string, plugin = 'checked'): Readonly<Record<string, unknown>> {
  return {
    routes: [{ match: MODEL, targets: [{ plugin, model }] }],
    failover: { outageMs: 1, overloadedMs: 1, rateLimitMs: 1, deniedMs: 1, notFoundMs: 1 },
  };
}

/** The model's name at the gateway's end of the plugin. */
export function modelOf({ told, manifest }: Subject, dialect: Dialect): string {
  const { model } = told;
  const named = typeof model === 'string' ? model : model?.[dialect];
  return named ?? manifest.models[0]?.match.replaceAll('*', 'conformance') ?? 'model-1';
}

async function upstreamOf(
  subject: Subject,
  dialect: Dialect,
): Promise<ConformanceUpstream | undefined> {
  const starts = { startVendor, startScriptedUpstream, startCtonew, startOAuthServer };
  const fakes = { ...starts, openClientSocket };
  if (subject.told.upstream !== undefined) return subject.told.upstream(fakes, dialect);
  return subject.hasUpstream ? startVendor(dialect) : undefined;
}

async function ask(
  gateway: TestGateway,
  dialect: Dialect,
  { stream = false, text = TEXT, signal }: Asked,
): Promise<Heard> {
  const { path, body: question } = written(dialect, MODEL, text, stream);
  let status = 0;
  let headers = new Headers();
  let body = '';
  let arrived = false;
  try {
    const reply = await gateway.ask(path, { body: question, ...(signal && { signal }) });
    ({ status, headers } = reply);
    const decoder = new TextDecoder();
    for await (const chunk of reply.body ?? []) {
      body += decoder.decode(chunk as Uint8Array, { stream: true });
    }
    arrived = true;
  } catch {
    // Told by `arrived`.
  }
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  const read = isStream ? readStream(dialect, body) : readWhole(dialect, body);
  const complete = arrived && status === 200 && read.ends > 0 && !read.failed;
  return { ...read, status, headers, body, arrived, complete };
}
