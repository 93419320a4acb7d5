import type { GatewayAddress } from '@cliproxy/plugin-api';
import type { Surroundings } from '../border.ts';

/** What the process was last told of the gateway: its clock and its address. */
export class ToldSurroundings {
  #local = true;
  #address: string | undefined;
  #nowMs = Date.now();
  #atMs = performance.now();

  /** As `services.clock`: goes on by itself between two times that it is told. */
  readonly clock = Object.freeze({
    now: (): number => Math.round(this.#nowMs + performance.now() - this.#atMs),
  });

  /** As `services.address`. */
  get address(): GatewayAddress {
    return Object.freeze<GatewayAddress>({ local: this.#local, current: () => this.#address });
  }

  begin(local: boolean): void {
    this.#local = local;
  }

  hear({ nowMs, address }: Surroundings): void {
    this.#nowMs = nowMs;
    this.#atMs = performance.now();
    this.#address = address;
  }
}
