import { generatedPart } from '../generated-part.ts';

/** The page that holds the reference as it was written last. */
export const contractPage = generatedPart('CONTRACT.md', 'npm run contract -- --write');
