// What no runtime's own server and `Request` can do.
import type { Gap } from './targets.ts';

export const COMMON_GAPS: Record<string, Gap> = {
  'a body with GET': {
    reason: 'Fetch has no body for GET and HEAD; the request is answered with 400',
    link: 'https://fetch.spec.whatwg.org/#dom-request',
    tests: ['framing: passes the body of GET'],
  },
  deadlines: {
    reason: 'the platform bounds how long a request may take, not the adapter',
    link: 'https://developers.cloudflare.com/workers/platform/limits/#duration',
    tests: [
      /^lifetimes: (ends a connection on which no request comes|answers 408|answers 504)/,
      /^lifetimes: breaks the connection (when the upstream falls silent|of a client that does not read)/,
    ],
  },
};
