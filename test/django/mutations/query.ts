// Other ways to write a query.
import type { Random } from '../../support/http1-mutations.ts';
import { addToQuery, chance, type Draft, pick } from '../drafts/draft.ts';

const PAIRS = [
  ...[
    'project=13',
    'project=11',
    'project=22',
    'project=secret',
    'project=web',
    'project=-1',
    'project=$all',
    'project=',
  ],
  ...['project=%24all', 'project=+13', 'project=%2B13', 'project=%2013', 'project=1_3', 'project=013', 'project=13.0'],
  ...[
    'project=%EF%BC%91%EF%BC%93',
    'project=%D9%A1%D9%A3',
    'project=13%00',
    'project=13%0A',
    'project=11,13',
    'project',
  ],
  ...[
    '%70roject=13',
    'proj%65ct=13',
    'project%00=13',
    'project[]=13',
    'Project=13',
    'pro+ject=13',
    '=13',
    '?project=13',
  ],
  ...['projectSlug=secret', 'projectSlug=web', 'project%53lug=secret', 'projectSlug=', 'project_id=13', 'projectId=13'],
  ...['project_id_or_slug=secret', 'shortIdLookup=1', 'shortIdLook%75p=1', 'query=SECRET-1', 'query=a%26project=13'],
  ...['a=1;project=13', ';project=13', 'a=%3Bproject=13', 'a=+ACY-project+AD0-13', 'a=+ACY-projectSlug+AD0-secret'],
  ...['a=\\u0026project=13', 'a=\\x26project=13', 'a=%5Cu0026project=13', 'a=%00', 'a=%FF', '\xff=1', 'a=\xff', 'a=%'],
  ...[
    'a=#&project=13',
    'a=%zz',
    '%',
    '&&',
    'a',
    'group=103',
    'id=103',
    'id=101',
    'environment=production',
    '_method=DELETE',
  ],
  ...[
    'method=DELETE',
    'format=json',
    'project=%31%33',
    'project\t=13',
    'project=\t13',
    'a=&&project=13',
    'project=11&',
  ],
];

export function addPair(draft: Draft, random: Random): void {
  addToQuery(draft, random, pick(random, PAIRS));
}

export function replaceQuery(draft: Draft, random: Random): void {
  draft.query = chance(random, 20) ? undefined : pick(random, PAIRS);
}

export function manyPairs(draft: Draft, random: Random): void {
  draft.query = `${'a=1&'.repeat(pick(random, [500, 1100, 3000]))}${pick(random, PAIRS)}`;
}
