import type { Conformance } from '@cliproxy/plugin-testkit';
import { startFakeAcme } from './fake-acme.ts';
import type { FakeAcme } from './fake-acme.ts';
import { ERRORS } from './failure.ts';

/**
 * What the checks can't find out by themselves, since Acme speaks none of the four dialects. The package
 * exports it as `./conformance`, where `cliproxy plugins check` looks for it.
 */
const conformance: Conformance<FakeAcme> = {
  upstream: (fakes) => startFakeAcme(fakes),
  model: 'acme-owl',
  // Each is answered in turn, with and without a stream, and must be known for what it is.
  errors: ERRORS.map(([status, code, kind]) => ({ status, code, kind })),
};
export default conformance;
