import type { Flight } from './flight.ts';

/**
 * The requests under way. Not a `Set`: one whose members come and go is copied every few requests,
 * and each former copy that has grown old keeps the requests of its time from dying young. That made
 * the garbage of all requests last until the next full collection.
 */
export class Flights {
  readonly #flights: Flight[] = [];

  add(flight: Flight): void {
    flight.place = this.#flights.length;
    this.#flights.push(flight);
  }

  remove(flight: Flight): void {
    const last = this.#flights.pop();
    if (last === undefined || last === flight) return;
    this.#flights[flight.place] = last;
    last.place = flight.place;
  }

  /** A copy: what is done to them may end them. */
  all(): readonly Flight[] {
    return [...this.#flights];
  }
}
