import { addTests } from './contract.ts';
import { GROUPS_OF_FETCH, libraryOnWorkerd } from './library-edge.ts';

addTests(libraryOnWorkerd, GROUPS_OF_FETCH);
