import { meshdrop } from './meshdrop.ts';

process.exit(await meshdrop(process.argv.slice(2)));
