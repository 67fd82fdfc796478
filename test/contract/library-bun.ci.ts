import { addTests } from './contract.ts';
import { GROUPS_OF_FETCH, libraryOnBun } from './library-edge.ts';

addTests(libraryOnBun, GROUPS_OF_FETCH);
