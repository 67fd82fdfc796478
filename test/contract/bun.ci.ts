import { addTests } from './contract.ts';
import { bun } from './edge-bun.ts';

addTests(bun);
