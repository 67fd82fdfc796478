import { addTests } from './contract.ts';
import { workerd } from './edge-workerd.ts';

addTests(workerd);
