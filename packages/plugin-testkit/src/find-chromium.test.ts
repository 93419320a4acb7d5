import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findChromium } from './find-chromium.ts';

describe('findChromium', () => {
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cliproxy-chromium-'));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  function program(name: string, mode = 0o755): string {
    const file = path.join(folder, name);
    fs.writeFileSync(file, '', { mode });
    return file;
  }

  it('takes the usual names from the PATH, and only what can be run', () => {
    program('chromium', 0o644);
    const google = program('google-chrome');
    expect(findChromium({ PATH: folder })?.executablePath).toBe(google);
    const debian = program('chromium-browser');
    expect(findChromium({ PATH: `/nowhere:${folder}` })?.executablePath).toBe(debian);
  });

  it('takes the one that is named, and no other', () => {
    program('chromium');
    const named = program('my-chromium');
    const environment = { PATH: folder, PUPPETEER_EXECUTABLE_PATH: named };
    expect(findChromium(environment)?.executablePath).toBe(named);
    fs.rmSync(named);
    expect(findChromium(environment)).toBeUndefined();
  });

  it('finds none, which is an error where one is required', () => {
    expect(findChromium({ PATH: folder })).toBeUndefined();
    expect(() => findChromium({ PATH: folder, CLIPROXY_REQUIRE_CHROMIUM: '1' })).toThrow(
      'apt-get install chromium',
    );
  });
});
