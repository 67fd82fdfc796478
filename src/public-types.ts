// The types of what users of the library pass and get.
export type { ClientJson, ClientsFileJson } from './clients/clients-json.ts';
export type {
  Body,
  BodyReader,
  EditedFields,
  Fields,
  RequestRecord,
  Signal,
  TokenSource,
  Transport,
  UpstreamRequest,
  UpstreamResponse,
} from './http/types.ts';
