import { credentialPrefixes } from '../envelope/v2.ts';
import type { RelayOptions, RelayStatus } from './relay-options.ts';

/** The small box in a corner that says how a page's work goes. */
export interface StatusDisplay {
  show(status: RelayStatus): void;
  remove(): void;
}

/** What a person gave in the box. */
export type Given = Pick<RelayOptions, 'url' | 'version' | 'credential'>;

const COLOURS: Readonly<Record<RelayStatus['state'], string>> = {
  connected: '#188038',
  connecting: '#b06000',
  waiting: '#c5221f',
  stopped: '#5f6368',
};

const WORDS: Readonly<Record<RelayStatus['state'], string>> = {
  connected: 'Connected',
  connecting: 'Connecting…',
  waiting: 'Not connected; trying again',
  stopped: 'Stopped',
};

/**
 * Puts the box on the page.
 *
 * @param address - the gateway's, as shown; absent: the box asks for it.
 * @param onGiven - a person filled the form in; absent: there is no form.
 */
export function statusDisplay(
  address: string | undefined,
  onGiven?: (given: Given) => void,
): StatusDisplay {
  const host = document.createElement('div');
  // Styles by properties: pages forbid style elements, and text as markup.
  const box = element('div', {
    position: 'fixed',
    right: '12px',
    bottom: '12px',
    zIndex: '2147483647',
    width: '300px',
    boxSizing: 'border-box',
    padding: '12px 14px',
    borderRadius: '10px',
    border: '1px solid #dadce0',
    background: '#fff',
    color: '#202124',
    font: '13px/1.45 system-ui, sans-serif',
    boxShadow: '0 2px 10px rgb(0 0 0 / 18%)',
    overflowWrap: 'anywhere',
  });
  const dot = element('span', {
    display: 'inline-block',
    width: '9px',
    height: '9px',
    marginRight: '8px',
    borderRadius: '50%',
    background: COLOURS.stopped,
  });
  const word = element('strong', {}, address === undefined ? 'Not set up' : WORDS.connecting);
  const title = element('div', { marginBottom: '4px' }, dot, word);
  const where = element('div', { color: '#5f6368' }, address ?? 'cliproxy relay');
  const calls = element('div', { marginTop: '6px' });
  const trouble = element('div', { marginTop: '6px', color: '#c5221f' });
  trouble.hidden = true;
  calls.hidden = true;
  box.setAttribute('role', 'status');
  box.append(title, where, calls, trouble);
  if (onGiven !== undefined) box.append(form(address, onGiven));
  host.attachShadow({ mode: 'open' }).append(box);
  document.documentElement.append(host);
  return {
    show({ state, running, answered, failed, lastError }) {
      dot.style.background = COLOURS[state];
      word.textContent = WORDS[state];
      calls.hidden = false;
      calls.textContent = `${running} running · ${answered} answered · ${failed} failed`;
      trouble.hidden = lastError === undefined;
      trouble.textContent = lastError === undefined ? '' : `Last error: ${lastError}`;
    },
    remove: () => host.remove(),
  };
}

function form(address: string | undefined, onGiven: (given: Given) => void): HTMLElement {
  const url = field('Address of the gateway', 'text');
  url.input.value = address ?? 'ws://127.0.0.1:8317/v1/ws';
  const shown = field('Ticket or relay token', 'password');
  const button = element('button', {
    marginTop: '8px',
    padding: '6px 14px',
    border: '0',
    borderRadius: '6px',
    background: '#1a73e8',
    color: '#fff',
    font: 'inherit',
    cursor: 'pointer',
  });
  button.textContent = address === undefined ? 'Connect' : 'Connect again';
  const fields = element('form', { marginTop: '8px' }, url.label, shown.label, button);
  fields.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = url.input.value.trim().replace(/^http/, 'ws');
    if (!URL.canParse(given)) {
      url.input.setCustomValidity('An address such as ws://127.0.0.1:8317/v1/ws');
      url.input.reportValidity();
      return;
    }
    const asksByAddress = /[?&](auth_token|key)=/.test(given);
    onGiven({
      url: given,
      version: asksByAddress ? 1 : 2,
      credential: asksByAddress ? '' : credentialOf(shown.input.value.trim()),
    });
  });
  url.input.addEventListener('input', () => url.input.setCustomValidity(''));
  const more = element('details', { marginTop: '6px' });
  more.open = address === undefined;
  more.append(element('summary', { cursor: 'pointer', color: '#5f6368' }, 'Gateway'), fields);
  return more;
}

/** A ticket says itself that it is one. */
function credentialOf(shown: string): string {
  if (shown.startsWith(credentialPrefixes.ticket)) return shown;
  return `${credentialPrefixes.token}${base64Url(shown)}`;
}

function field(name: string, type: string): { label: HTMLElement; input: HTMLInputElement } {
  const input = element('input', {
    display: 'block',
    boxSizing: 'border-box',
    width: '100%',
    margin: '2px 0 6px',
    padding: '5px 7px',
    border: '1px solid #dadce0',
    borderRadius: '6px',
    font: 'inherit',
    color: 'inherit',
    background: '#fff',
  });
  input.type = type;
  input.autocomplete = 'off';
  input.spellcheck = false;
  return { label: element('label', { display: 'block', color: '#5f6368' }, name, input), input };
}

function base64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const binary = [...bytes].map((byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  style: Partial<CSSStyleDeclaration>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  Object.assign(made.style, style);
  made.append(...children);
  return made;
}
