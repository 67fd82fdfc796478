import { addTests } from './contract.ts';
import { node } from './targets.ts';

addTests(node);
