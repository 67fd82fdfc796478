import { addTests } from './contract.ts';
import { nodeHttp } from './node-http.ts';

addTests(nodeHttp);
