import { addTests } from './contract.ts';
import { GROUPS_OF_FETCH, libraryOnDeno } from './library-edge.ts';

addTests(libraryOnDeno, GROUPS_OF_FETCH);
