import { addTests } from './contract.ts';
import { library } from './library.ts';

addTests(library);
