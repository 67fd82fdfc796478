import { addTests } from './contract.ts';
import { deno } from './edge-deno.ts';

addTests(deno);
