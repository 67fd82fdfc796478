// The types of what users of the library pass and get.
export type { ClientJson, ClientsFileJson } from './clients/clients-json.ts';
export type { ErrorName } from './http/errors.ts';
export type { RequestRecord } from './http/request-context.ts';
export type {
  Body,
  BodyReader,
  EditedFields,
  Fields,
  Signal,
  Transport,
  UpstreamRequest,
  UpstreamResponse,
} from './http/types.ts';
export type { TokenSource } from './tokens/token-source.ts';
