import type { ModelRequest, Part } from '@cliproxy/plugin-api';
import { wishNames } from './wish-names.ts';

/** What is named as ignored where images say how closely they are to be looked at. */
export function unheardDetail({ turns, extras }: ModelRequest): readonly string[] {
  return turns.some(({ parts }) => parts.some(saysDetail))
    ? [wishNames.imageDetail[extras.dialect]]
    : [];
}

function saysDetail(part: Part): boolean {
  if (part.type === 'tool-result') return part.content.some(saysDetail);
  return part.type === 'media' && part.detail !== undefined;
}
