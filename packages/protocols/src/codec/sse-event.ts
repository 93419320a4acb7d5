/** One server-sent event. */
export interface SseEvent {
  /** Value of `event:`; absent where there was none. */
  readonly event?: string | undefined;
  /** Lines of `data:`, joined by LF. */
  readonly data: string;
}
