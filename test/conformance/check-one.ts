// A process of its own: checks one plugin from its sources, and sends the report.
import { checkAll } from './check-all.ts';

const [, , name = ''] = process.argv;
const [report] = await checkAll({ names: [name] });
process.send?.(report, () => process.disconnect());
