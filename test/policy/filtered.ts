import { makeBudget } from '../../src/bodies/memory-budget.ts';
import { bodyOf } from '../../src/bodies/read-bounded.ts';
import { filterStage } from '../../src/enforce/response-filter.ts';
import { ProxyError } from '../../src/http/errors.ts';
import { onlyFields, viewOf } from '../../src/http/headers.ts';
import type { ResponseFilter } from '../../src/policy/decision.ts';

/** The content of a successful response as a client gets it through a filter; undefined if it is withheld. */
export async function filtered(
  filter: ResponseFilter,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const { signal } = new AbortController();
  const stage = filterStage(filter, '/api/0/', signal, () => makeBudget(2 ** 20).open());
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const headers = onlyFields([]);
  const response = { status: 200, statusText: 'OK', headers: viewOf(headers), body: bodyOf(bytes) };
  const noNextPage = () => Promise.reject(new Error('there is one page'));
  try {
    const { body } = (await stage({ response, headers }, noNextPage)).response;
    const { value } = await body!.getReader().read();
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(value);
  } catch (error) {
    if (error instanceof ProxyError && error.name === 'response_withheld') return undefined;
    throw error;
  }
}
