import { DISTURBANCES } from './disturbances.ts';
import { disturbedHistory } from './disturbed-history.ts';
import { play } from './history.ts';
const [from = '', seed = '1'] = process.argv.slice(2);
const start = from === '' ? 0 : DISTURBANCES.findIndex(({ name }) => name.startsWith(from));
for (const one of DISTURBANCES.slice(start)) {
  const ended = await play(disturbedHistory([one], Number(seed)));
  const bad = ended.problem ?? (ended.phases[0] === (one.phase ?? 'stored') ? '' : `ended ${ended.phases[0]}`);
  console.log(bad ? `RED  ${one.name}: ${bad.slice(0, 150)}` : `ok   ${one.name}`);
}
process.exit();
