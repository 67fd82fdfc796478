// What no runtime's own server and `Request` can do.
import type { Gap } from './targets.ts';

export const COMMON_GAPS: Record<string, Gap> = {
  'a body with GET': {
    reason: 'Fetch has no body for GET and HEAD; the request is answered with 400',
    link: 'https://fetch.spec.whatwg.org/#dom-request',
    tests: ['bodies: passes the body of GET'],
  },
  'deadlines for the client': {
    reason: "how long a client may take to send its request is the runtime's to say; the adapter bounds the whole",
    link: 'https://developers.cloudflare.com/workers/platform/limits/#duration',
    tests: [/^lifetimes: (ends a connection on which no request comes|answers 408)/],
  },
};
