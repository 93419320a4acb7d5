import { mapOf, oneOf, text } from '../shape.ts';

/** Name of a function, a free-text tool or a schema. */
export const toolName = text({ min: 1, max: 64, pattern: /^[a-zA-Z0-9_-]+$/u });
/** Up to 16 pairs; the count is not checked. */
export const metadata = mapOf(text({ max: 512 }));
export const effort = oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max');
export const serviceTier = oneOf('auto', 'default', 'flex', 'scale', 'priority', 'fast');
export const imageDetail = oneOf('auto', 'low', 'high', 'original');
/** A web address, or the bytes of an image that the API can read. */
export const imageUrl = text({
  pattern:
    /^(https?:\/\/\S+|data:image\/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/u,
});
export const fileData = text({ pattern: /^data:[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2}$/u });
