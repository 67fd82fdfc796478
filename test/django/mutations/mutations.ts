// Ways to write a request so that a proxy and Sentry may read it differently. The tables hold what was seen to be read
// in unexpected ways by nginx, uWSGI, Django or Django REST framework; the functions put it in some place.
import type { Random } from '../../support/http1-mutations.ts';
import type { Draft } from '../drafts/draft.ts';
import type { Row } from '../rows.ts';
import { namesFor } from '../world.ts';
import { chunkBody, hideAsForm, hideByCharset, nameOtherProjects, setBody, setMediaType } from './bodies.ts';
import { addLimitedPair, askForPart, nameOtherThing, searchForEvent, selectOthers } from './columns.ts';
import { addField, addManyFields, setContentType, setMethod } from './fields.ts';
import { addLimitedKey, hideFormInString, nameOthers, writeAsForm } from './keys.ts';
import {
  appendOtherRoute,
  changeBegin,
  changeCase,
  changeEnd,
  encodeCharacter,
  insertSplinter,
  lengthen,
  replaceOwner,
  replaceSegment,
  swapAlias,
} from './path.ts';
import { addPair, manyPairs, replaceQuery } from './query.ts';

/** Changes a draft in place. */
export type Mutation = (draft: Draft, random: Random, rows: readonly Row[]) => void;

/** The likelier ones are named more than once. */
export const MUTATIONS: readonly Mutation[] = [
  ...[replaceSegment, replaceSegment, replaceOwner, replaceOwner, insertSplinter, insertSplinter, encodeCharacter],
  ...[changeEnd, changeBegin, appendOtherRoute, appendOtherRoute, swapAlias, changeCase, lengthen],
  ...[addPair, addPair, addPair, replaceQuery, manyPairs, setContentType, setContentType, addField, addField],
  ...[addLimitedPair, addManyFields, setMethod, setMethod, setBody, setBody, setBody, hideByCharset, hideByCharset],
  ...[setMediaType, chunkBody],
];

/** The same for a request with a body, where it is the body that is changed as often as all else. */
export const MUTATIONS_OF_BODIES: readonly Mutation[] = [
  ...MUTATIONS,
  ...Array.from({ length: MUTATIONS.length / 6 }, () => [
    ...[setBody, setBody, nameOtherProjects, nameOtherProjects, hideByCharset, hideAsForm],
  ]).flat(),
];

/** Those that aim at the limits of a row other than its path; none if there are no such limits. */
export function mutationsFor({ path, limits, query, body }: Row): readonly Mutation[] {
  const isOfThing = path.split('/').some((segment) => namesFor(segment.slice(1, -1)) !== undefined);
  const isWithKeys = body !== undefined || limits.some((limit) => limit.startsWith('body'));
  return [
    ...(isOfThing ? [nameOtherThing, nameOtherThing] : []),
    ...(limits.includes('query') ? [selectOthers, selectOthers, searchForEvent, addLimitedPair] : []),
    ...(limits.includes('filter') ? [askForPart] : []),
    ...(query === undefined ? [] : [addLimitedPair, addLimitedPair]),
    ...(isWithKeys ? [addLimitedKey, addLimitedKey, addLimitedKey, nameOthers, nameOthers, nameOthers] : []),
    ...(isWithKeys ? [writeAsForm, hideFormInString] : []),
  ];
}
