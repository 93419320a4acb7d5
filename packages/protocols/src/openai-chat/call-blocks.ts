import type { ModelEvent, Opaque } from '@cliproxy/plugin-api';
import { unwrapped } from '../anthropic-messages/tool-arguments.ts';
import type { DecodeContext } from '../codec/answer-context.ts';
import { isJsonObject } from '../model/json-object.ts';
import { checkKept } from '../model/kept.ts';
import { newCallId } from './answer-parts.ts';
import type { CallPiece } from './answer-parts.ts';
import type { NextIndex } from './prose-blocks.ts';

interface Call {
  id: string;
  name: string;
  isCustom: boolean;
  /** A free-text tool that was sent as a function: told when its text can be unwrapped. */
  isWrapped: boolean;
  /** All so far. */
  args: string;
  opaque: Opaque | undefined;
  /** The block's number, once it is open. */
  block: number | undefined;
  closed: boolean;
}

/**
 * Builds the blocks of tool calls out of fragments.
 *
 * A fragment belongs to the call of its `index`; servers that send none are read by `id`, else the
 * fragment goes on with the last call. A fragment that names another tool, or names a tool under
 * another id, begins a call whatever its index: some servers number all calls 0. A call is closed
 * early where its arguments are complete when something else begins, so that dialects with one
 * block at a time need not wait.
 */
export class CallBlocks {
  readonly #nextIndex: NextIndex;
  readonly #context: DecodeContext;
  readonly #calls: Call[] = [];
  readonly #byIndex = new Map<number, Call>();
  /** Of the arguments of all calls. */
  #chars = 0;

  constructor(nextIndex: NextIndex, context: DecodeContext) {
    this.#nextIndex = nextIndex;
    this.#context = context;
  }

  /** Whether any call was told. */
  get any(): boolean {
    return this.#calls.some(({ block }) => block !== undefined);
  }

  /**
   * @param position - place of the fragment among those of its chunk.
   * @param isWholeMessage - it stood in a `message`: it holds the whole call so far.
   */
  write(piece: CallPiece, position: number, isWholeMessage: boolean, out: ModelEvent[]): void {
    const call = isWholeMessage
      ? this.#at(piece.index ?? position, piece)
      : this.#find(piece, position);
    call.opaque = piece.opaque ?? call.opaque;
    const added = addedArguments(call, piece, isWholeMessage);
    if (call.closed) return;
    call.args += added;
    this.#chars += added.length;
    checkKept({ chars: this.#chars });
    call.isCustom ||= piece.isCustom;
    if (call.id === '') call.id = piece.id;
    if (call.name === '') call.name = piece.name;
    if (call.block !== undefined) {
      if (added !== '' && !call.isWrapped)
        out.push({ type: 'delta', index: call.block, text: added });
    } else if (call.name !== '') this.#open(call, out);
  }

  /** Closes the calls that are complete. */
  settle(out: ModelEvent[]): void {
    for (const call of this.#calls) {
      const isOpen = call.block !== undefined && !call.closed;
      if (isOpen && isComplete(call)) this.#close(call, out);
    }
  }

  /** Closes every call. One without a name never was one. */
  close(out: ModelEvent[]): void {
    for (const call of this.#calls) this.#close(call, out);
  }

  #find(piece: CallPiece, position: number): Call {
    if (piece.index !== undefined) return this.#at(piece.index, piece);
    const last = this.#calls.at(-1);
    if (piece.id !== '') {
      const known = this.#calls.find(({ id }) => id === piece.id);
      // An id that changes from fragment to fragment names nothing.
      return known ?? (piece.name === '' && last !== undefined ? last : this.#begin());
    }
    if (last === undefined) return this.#begin();
    if (piece.name === '') return last;
    return position > 0 || isAnother(last, piece) || isComplete(last) ? this.#begin() : last;
  }

  #at(index: number, piece: CallPiece): Call {
    const known = this.#byIndex.get(index);
    if (known !== undefined && !isAnother(known, piece)) return known;
    const call = this.#begin();
    this.#byIndex.set(index, call);
    return call;
  }

  #begin(): Call {
    const call: Call = {
      id: '',
      name: '',
      isCustom: false,
      isWrapped: false,
      args: '',
      opaque: undefined,
      block: undefined,
      closed: false,
    };
    this.#calls.push(call);
    checkKept({ parts: this.#calls.length });
    return call;
  }

  #open(call: Call, out: ModelEvent[]): void {
    this.settle(out);
    const index = this.#nextIndex();
    call.block = index;
    if (call.id === '') call.id = newCallId();
    call.isWrapped = this.#context.customTools?.has(call.name) === true && !call.isCustom;
    out.push({
      type: 'open',
      index,
      part: {
        type: 'tool-call',
        ...(call.isCustom || call.isWrapped ? { kind: 'custom' } : {}),
        id: call.id,
        name: this.#context.toolNames.get(call.name) ?? call.name,
        argumentsJson: '',
        ...(call.opaque === undefined ? {} : { opaque: call.opaque }),
      },
    });
    if (call.args !== '' && !call.isWrapped) out.push({ type: 'delta', index, text: call.args });
  }

  #close(call: Call, out: ModelEvent[]): void {
    if (call.block === undefined || call.closed) return;
    call.closed = true;
    const text = call.isWrapped ? (unwrapped(call.args) ?? call.args) : '';
    if (text !== '') out.push({ type: 'delta', index: call.block, text });
    out.push(
      call.opaque === undefined
        ? { type: 'close', index: call.block }
        : { type: 'close', index: call.block, opaque: call.opaque },
    );
  }
}

function isAnother(call: Call, piece: CallPiece): boolean {
  if (piece.name === '') return false;
  if (call.id !== '' && piece.id !== '') return call.id !== piece.id;
  return call.name !== '' && call.name !== piece.name;
}

function addedArguments(call: Call, piece: CallPiece, isWholeMessage: boolean): string {
  const { argumentsJson } = piece;
  if (call.args === '' || !argumentsJson.startsWith(call.args)) return argumentsJson;
  // Some servers end with the whole call once more, name and all.
  const isRepeated = isWholeMessage || (piece.name !== '' && isComplete(call));
  return isRepeated ? argumentsJson.slice(call.args.length) : argumentsJson;
}

/** Whether nothing can follow: free text never says so. */
function isComplete({ args, isCustom }: Call): boolean {
  if (isCustom || !args.trimEnd().endsWith('}')) return false;
  try {
    return isJsonObject(JSON.parse(args));
  } catch {
    return false;
  }
}
