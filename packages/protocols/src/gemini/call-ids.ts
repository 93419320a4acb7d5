/**
 * Gives calls and their results ids: in this dialect they may be left out, on either side, and are
 * then paired by name and order. Ids that are made are the same whenever the conversation comes
 * again, since clients send all of it each time.
 */
export interface CallIds {
  /** A turn of the model begins: what it calls is answered by what follows. */
  begin(): void;
  call(id: string | undefined, name: string): string;
  /** The id of the call that a result answers; one of its own where there is no such call. */
  result(id: string | undefined, name: string): string;
}

/** Makes the ids of one conversation. */
export function callIds(): CallIds {
  let made = 0;
  let pending: { readonly id: string; readonly name: string }[] = [];
  let answering = false;
  const make = (): string => {
    made += 1;
    return `gemini_call_${made}`;
  };
  return {
    begin() {
      if (answering) pending = [];
      answering = false;
    },
    call(given, name) {
      // Counted also where it is not needed, so that ids do not depend on which calls had one.
      const own = make();
      const id = given ?? own;
      pending.push({ id, name });
      return id;
    },
    result(given, name) {
      answering = true;
      const byId = given === undefined ? -1 : pending.findIndex(({ id }) => id === given);
      const at = byId >= 0 ? byId : pending.findIndex((call) => call.name === name);
      const [call] = at < 0 ? [] : pending.splice(at, 1);
      return call?.id ?? given ?? make();
    },
  };
}
