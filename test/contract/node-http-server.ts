// node:http servers as a user of the library writes them, each with the options of its listener and its own.
import { createServer, type ServerOptions } from 'node:http';
import { createListener, type ListenerOptions } from '../../adapters/node-http.ts';
import { takeOrders } from './embedder-process.ts';

takeOrders(({ listener, server }: { listener: ListenerOptions; server: ServerOptions }) =>
  createServer(server, createListener(listener)),
);
