import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, startVendor } from '@cliproxy/plugin-testkit';
import type { TestGateway, Vendor } from '@cliproxy/plugin-testkit';
import { PROVIDERS } from '../matrix/pair.ts';

describe.each(PROVIDERS)('a method that Gemini has not, of $model', (provider) => {
  const path = `/v1beta/models/up/${provider.model}`;
  const body = { contents: [{ role: 'user', parts: [{ text: 'x' }] }] };
  let vendor: Vendor;
  let gateway: TestGateway;
  const asked = () => vendor.requests.filter(({ method }) => method === 'POST').length;

  beforeAll(async () => {
    vendor = await startVendor(provider.dialect);
    gateway = await startTestGateway({
      plugins: [{ ...provider.mount(vendor.url), instanceId: 'up' }],
    });
  });

  afterAll(async () => {
    await gateway.stop();
    await vendor.close();
  });

  test.each(['generateContents', 'predict', 'batchEmbedText', ''])(
    '":%s" is a 404 in Google’s shape, and nobody is asked',
    async (method) => {
      const answer = await gateway.ask(`${path}:${method}`, { body });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({
        error: { code: 404, status: 'NOT_FOUND', message: expect.any(String) },
      });
      expect(asked()).toBe(0);
    },
  );

  test('one that it has is answered', async () => {
    expect((await gateway.ask(`${path}:generateContent`, { body })).status).toBe(200);
    expect(asked()).toBe(1);
  });
});
