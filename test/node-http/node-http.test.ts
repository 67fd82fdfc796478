// createListener in servers as its users have them; what clients and Sentry see is the contract's, test/contract/node-http.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import fastify from 'fastify';
import serverlessHttp from 'serverless-http';
import {
  type ClientsFileJson,
  createListener,
  type Listener,
  type ListenerOptions,
  type TokenRead,
} from '../../adapters/node-http.ts';
import { type Postgres, startPostgres } from '../../demo/postgres.ts';
import { startChild } from '../support/child-process.ts';
import { collectGarbage, portOf, serveHttp } from '../support/http-server.ts';
import { fieldValue } from '../support/message.ts';
import { eventually, makeFolder, selfSigned } from '../support/operator.ts';
import { TlsUpstream } from '../support/tls-upstream.ts';
import { answer, OK, response, Upstream } from '../support/upstream.ts';

const TOKEN = 'token-of-the-listener-tests';
const ALIAS = 'alias-of-the-listener-tests';
/** A client that may have one request running. */
const CLIENT = 'client-of-the-listener-tests-0123456789';
const ONE_AT_A_TIME: ClientsFileJson = {
  clients: [{ name: 'single', token: CLIENT, scopes: ['org:read'], orgs: ['*'], concurrency: 1 }],
};
const AS_ALIAS = { Authorization: `Bearer ${ALIAS}` };

let upstream: Upstream;
before(async () => {
  upstream = await Upstream.start();
});
after(() => upstream.stop());

const optionsWith = (more: Partial<ListenerOptions> = {}): ListenerOptions => ({
  sentryUri: upstream.uri,
  token: TOKEN,
  aliasTokens: [ALIAS],
  ...more,
});

const serve = async (t: TestContext, listener: RequestListener): Promise<number> =>
  portOf(await serveHttp(t, listener));

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** A request whose target is sent as it stands. */
async function ask(
  port: number,
  path: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const options = { port, host: '127.0.0.1', path, method, agent: false, timeout: 10_000 } as const;
  const request = httpRequest({ ...options, headers: { ...AS_ALIAS, ...length, ...headers } });
  request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
  request.end(body);
  const [reply] = (await once(request, 'response')) as [IncomingMessage];
  return { status: reply.statusCode ?? 0, headers: reply.headers, text: await text(reply) };
}

const targetsOf = (connections: { request: { target: string } | undefined }[]) =>
  connections.map(({ request }) => request?.target);

describe('createListener', () => {
  const wrong: Record<string, [options: object | undefined, says: RegExp]> = {
    'no options': [undefined, /aliasTokens is not set.*sentryUri is not.*token is empty/],
    'options without anything in them': [{}, /aliasTokens is not set.*sentryUri is not.*token is empty/],
    'an empty connection string': [{ ...complete(), token: undefined, pgxConn: '' }, /: pgxConn is empty; set a conn/],
    'a blank connection string': [{ ...complete(), token: 'system', pgxConn: ' ' }, /: pgxConn is empty; set a conn/],
    'a file with the connection string': [
      { ...complete(), pgxConnFile: 'pgx-conn' },
      /: pgxConnFile is not an option: the library reads no files; set pgxConn to the content of the file$/,
    ],
    'no token and no database': [{ ...complete(), token: '' }, /token is empty; set a Sentry auth token, or pgxConn/],
    'a token and a database': [{ ...complete(), pgxConn: 'host=db' }, /pgxConn and token are both set/],
    'a connection string that is none': [{ ...complete(), token: undefined, pgxConn: 'hots=x' }, /pgxConn /],
    'a connection string that is not text': [{ ...complete(), token: 'system', pgxConn: 5 }, /pgxConn is not a string/],
    'a certificate without its key': [{ ...complete('https'), sentryCert: 'x' }, /sentryCert and sentryKey belong/],
    'authorities that are not PEM': [{ ...complete('https'), sentryCa: 'x' }, /sentryCa .*not PEM/],
    'a callback that is none': [{ ...complete(), onTokenRead: 'x' }, /onTokenRead is not a function/],
    'an option that is none': [{ ...complete(), pgxCon: 'x' }, /pgxCon is not an option; did you mean pgxConn\?/],
  };
  function complete(scheme = 'http') {
    return { sentryUri: `${scheme}://sentry.example`, token: TOKEN, aliasTokens: [ALIAS] };
  }
  for (const [title, [options, says]] of Object.entries(wrong)) {
    it(`refuses ${title} and quotes no value`, () => {
      assert.throws(
        () => createListener(options as ListenerOptions),
        ({ name, message }: Error) => {
          assert.equal(name, 'OptionsError');
          assert.match(message, says);
          assert.ok(!message.includes(TOKEN) && !message.includes(ALIAS));
          return true;
        },
      );
    });
  }
});

describe('the listener', { concurrency: false }, () => {
  /** Query, mount and encoding that Express and the adapter beneath would change. */
  const ODD = '/api/0//x/%7e/%2F?b=%C3%A4&a=1&a=2&c[]=x+y&d';

  it('works in Express below a path, with the target byte for byte', async (t) => {
    const listener = createListener(optionsWith());
    const app = express().use('/sentry', listener);
    const port = await serve(t, app);
    const connections = upstream.play(answer(OK));
    for (const path of ['/sentry', '/sentry?x', '/sentry/', `/sentry${ODD}`])
      assert.equal((await ask(port, path)).status, 200);
    assert.deepEqual(targetsOf(connections), ['/', '/?x', '/', ODD]);
  });

  it('takes the target byte for byte where Express has set the query', async (t) => {
    const app = express();
    app.use((request, _response, next) => {
      Object.defineProperty(request, 'query', { value: { injected: 'x', b: 'other' } });
      next();
    });
    app.use(createListener(optionsWith()));
    const port = await serve(t, app);
    const connections = upstream.play(answer(OK));
    assert.equal((await ask(port, ODD)).status, 200);
    assert.deepEqual(targetsOf(connections), [ODD]);
  });

  it('removes basePath from the target, even if the framework changed the URL', async (t) => {
    const app = express().use(
      '/deep',
      express.Router().use('/sentry', createListener(optionsWith({ basePath: '/deep/sentry' }))),
    );
    const port = await serve(t, app);
    const connections = upstream.play(answer(OK));
    assert.equal((await ask(port, `/deep/sentry${ODD}`)).status, 200);
    assert.deepEqual(targetsOf(connections), [ODD]);
  });

  it('keeps clients inside below the path at which a framework has mounted it', async (t) => {
    const path = '/api/0/organizations/acme/chunk-upload/';
    const content = `{"url":"https://sentry.example${path}","chunkSize":1}`;
    upstream.play(answer(response('200 OK', ['Content-Type: application/json'], content)));
    for (const [mount, options] of [
      ['/sentry', {}],
      ['/sentry', { basePath: '/sentry' }],
    ] as const) {
      const port = await serve(t, express().use(mount, createListener(optionsWith(options))));
      const reply = await ask(port, `/sentry${path}`, { headers: { Host: 'proxy.example' } });
      assert.equal(JSON.parse(reply.text).url, `http://proxy.example/sentry${path}`);
      const absolute = `http://proxy.example/sentry${path}`;
      const other = await ask(port, absolute, { headers: { Host: 'proxy.example' } });
      assert.equal(JSON.parse(other.text).url, `http://proxy.example/sentry${path}`);
    }
  });

  it('answers 404 to what is not below basePath', async (t) => {
    const port = await serve(t, createListener(optionsWith({ basePath: '/sentry' })));
    const connections = upstream.play(answer(OK));
    assert.equal((await ask(port, '/sentryx/api/0/')).status, 404);
    assert.equal((await ask(port, '/api/0/')).status, 404);
    assert.equal(connections.length, 0);
  });

  it('works in Fastify below a path', async (t) => {
    const listener = createListener(optionsWith({ basePath: '/sentry' }));
    const app = fastify();
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.all('/sentry/*', (request, reply) => {
        reply.hijack();
        return listener(request.raw, reply.raw);
      });
    });
    t.after(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    const connections = upstream.play(answer(OK));
    const headers = { 'Content-Type': 'application/json' };
    const reply = await ask(portOf(app.server), `/sentry${ODD}`, { method: 'POST', body: '{"a":1}', headers });
    assert.equal(reply.status, 200);
    assert.deepEqual(targetsOf(connections), [ODD]);
    assert.equal(connections[0]!.request!.content.toString(), '{"a":1}');
  });

  for (const [parser, use] of Object.entries({ json: express.json(), raw: express.raw({ type: '*/*' }) })) {
    it(`says so, and does not hang, where a body parser of Express has read the body: ${parser}`, async (t) => {
      const port = await serve(t, express().use(use).use(createListener(optionsWith())));
      const connections = upstream.play(answer(OK));
      const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
      const reply = await ask(port, '/api/0/', { method: 'POST', body: '{"a":1}', headers });
      assert.equal(reply.status, 500);
      assert.match(JSON.parse(reply.text).detail, /in front of the proxy has already read the body.*body parsers/);
      assert.equal(connections.length, 0);
    });
  }

  it('serves behind serverless-http, whose requests have fields but no lines', async () => {
    const call = serverlessHttp(createListener(optionsWith()), { provider: 'aws' });
    const connections = upstream.play(answer(OK));
    const headers = { host: 'proxy.example', 'content-type': 'application/json', ...AS_ALIAS };
    const event = { httpMethod: 'GET', path: '/api/0/', headers, requestContext: {}, isBase64Encoded: false };
    const { statusCode, body } = (await call(event, {})) as { statusCode: number; body: string };
    assert.deepEqual([statusCode, body], [200, 'ok']);
    assert.equal(fieldValue(connections[0]!.request!, 'Authorization'), `Bearer ${TOKEN}`);
  });

  it('says so, and does not hang, where Fastify has read the body', async (t) => {
    const listener = createListener(optionsWith());
    const app = fastify();
    app.all('/*', (request, reply) => {
      reply.hijack();
      return listener(request.raw, reply.raw);
    });
    t.after(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    const headers = { 'Content-Type': 'application/json' };
    const reply = await ask(portOf(app.server), '/api/0/', { method: 'POST', body: '{"a":1}', headers });
    assert.equal(reply.status, 500);
    assert.match(reply.text, /in front of the proxy has already read the body/);
  });

  it('serves requests without a body behind a body parser', async (t) => {
    const port = await serve(t, express().use(express.json()).use(createListener(optionsWith())));
    upstream.play(answer(OK));
    assert.equal((await ask(port, '/api/0/')).text, 'ok');
    assert.equal((await ask(port, '/api/0/', { method: 'DELETE' })).text, 'ok');
  });

  it('aborts the request to Sentry when the client leaves in the middle of the response', async (t) => {
    const port = await serve(t, createListener(optionsWith()));
    const connections = upstream.play(async (connection) => {
      await connection.whole();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALIAS}\r\n\r\n`);
    await once(socket, 'data');
    // Objects that only a collected `Request` referred to are gone then.
    for (let round = 0; round < 3; round++) {
      collectGarbage();
      await sleep(20);
    }
    socket.destroy();
    await connections[0]!.ended;
  });

  const LARGE = Buffer.alloc(16 * 1024 * 1024, 'x');
  const leavings: Record<string, (socket: Socket) => void> = {
    'closes with a FIN': (socket) => socket.end(),
    'destroys its connection': (socket) => socket.destroy(),
    'resets its connection': (socket) => socket.resetAndDestroy(),
  };
  for (const [how, leave] of Object.entries(leavings)) {
    it(`frees the place and calls onRequest once when a client stops reading and ${how}`, async (t) => {
      const records: (string | undefined)[] = [];
      const onRequest: ListenerOptions['onRequest'] = ({ path, error }) => records.push(`${path} ${error}`);
      const port = await serve(
        t,
        createListener(optionsWith({ clients: ONE_AT_A_TIME, onRequest, writeTimeout: '3s' })),
      );
      upstream.play(answer(response('200 OK', [], LARGE)));
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      t.after(() => socket.destroy());
      socket.write(`GET /api/0/organizations/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLIENT}\r\n\r\n`);
      await once(socket, 'data');
      socket.pause();
      const headers = { Authorization: `Bearer ${CLIENT}` };
      const waiting = connect(port, '127.0.0.1').on('error', () => {});
      waiting.write(`GET /api/0/organizations/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLIENT}\r\n\r\n`);
      assert.equal(await Promise.race([once(waiting, 'data'), sleep(100, 'nothing')]), 'nothing');
      waiting.destroy();
      leave(socket);
      await eventually(() => records.length === 2, 'both are recorded');
      upstream.play(answer(OK));
      assert.equal((await ask(port, '/api/0/organizations/', { headers })).status, 200);
      assert.equal(records.length, 3);
      for (const record of records.slice(0, 2)) {
        assert.match(record!, /^\/api\/0\/organizations\/ (client_gone|upstream_timeout)$/);
      }
    });
  }

  it('frees the place when a framework ends the response itself', async (t) => {
    const records: (string | undefined)[] = [];
    const listener = createListener(
      optionsWith({ clients: ONE_AT_A_TIME, onRequest: ({ error }) => records.push(error) }),
    );
    let own: ServerResponse | undefined;
    const port = await serve(t, (request, reply) => {
      own ??= reply;
      void listener(request, reply);
    });
    const held = upstream.play(async (connection) => {
      await connection.whole();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    });
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    socket.write(`GET /api/0/organizations/acme/repos/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLIENT}\r\n\r\n`);
    await once(socket, 'data');
    own!.end();
    await eventually(() => records.length === 1, 'the response is recorded');
    await held[0]!.ended;
    upstream.play(answer(OK));
    assert.equal(
      (await ask(port, '/api/0/organizations/acme/repos/', { headers: { Authorization: `Bearer ${CLIENT}` } })).status,
      200,
    );
  });

  it('breaks the response when Sentry breaks off its own', async (t) => {
    const port = await serve(t, createListener(optionsWith()));
    upstream.play(async (connection) => {
      await connection.whole();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      connection.finish();
    });
    await assert.rejects(ask(port, '/'), { code: 'ECONNRESET' });
    upstream.play(async (connection) => {
      await connection.whole();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      await connection.reset();
    });
    await assert.rejects(ask(port, '/'), { code: 'ECONNRESET' });
  });

  it('never shows a stack', async (t) => {
    const transport = () => {
      throw new TypeError('a fault of the transport');
    };
    const port = await serve(t, createListener(optionsWith({ transport })));
    const reply = await ask(port, '/');
    assert.equal(reply.status, 500);
    assert.doesNotMatch(reply.text, /at |TypeError|fault of the transport/);
  });

  it('serves the next request on a connection whose request was refused before its body was read', async (t) => {
    const port = await serve(t, createListener(optionsWith({ allowedHosts: ['good.example'] })));
    upstream.play(answer(OK));
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    let received = '';
    socket.setEncoding('latin1').on('data', (piece) => {
      received += piece;
    });
    const body = 'x'.repeat(300_000);
    const authorization = `Authorization: Bearer ${ALIAS}`;
    socket.write(
      `POST / HTTP/1.1\r\nHost: bad.example\r\n${authorization}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(() => received.startsWith('HTTP/1.1 403'), 'it is refused');
    socket.write(`GET / HTTP/1.1\r\nHost: good.example\r\n${authorization}\r\n\r\n`);
    await eventually(() => /HTTP\/1\.1 200/.test(received), 'the next one is served');
  });

  it('calls onRequest once for each request, with the path that was asked for and no query', async (t) => {
    const records: string[] = [];
    const onRequest: ListenerOptions['onRequest'] = ({ method, path, status, route, error }) =>
      records.push([method, path, status, route, error].join(' '));
    const port = await serve(t, createListener(optionsWith({ onRequest, basePath: '/sentry' })));
    upstream.play(answer(OK));
    await ask(port, '/sentry/api/0/?secret');
    await ask(port, '/elsewhere?secret');
    assert.deepEqual(records, ['GET /sentry/api/0/ 200 inject ', 'GET /elsewhere 404 none not_found']);
  });

  it('calls onRequest with the whole path where a framework has taken off the path of the mount', async (t) => {
    const paths: string[] = [];
    const listener = createListener(optionsWith({ onRequest: ({ path }) => paths.push(path) }));
    const app = express().use('/tools', express.Router().use('/sentry', listener));
    const port = await serve(t, app);
    upstream.play(answer(OK));
    await ask(port, '/tools/sentry/api/0/?secret');
    await ask(port, '/tools/sentry?secret');
    await ask(port, 'http://proxy.example/tools/sentry/api/0/', { headers: { Host: 'proxy.example' } });
    assert.deepEqual(paths, ['/tools/sentry/api/0/', '/tools/sentry/', '/tools/sentry/api/0/']);
  });

  it('takes a path that middleware has written anew as it is, without a mount', async (t) => {
    const paths: string[] = [];
    const listener = createListener(optionsWith({ onRequest: ({ path }) => paths.push(path) }));
    const app = express().use((incoming, _outgoing, next) => {
      incoming.url = incoming.url.replace('/v1-api/', '/api/');
      next();
    }, listener);
    upstream.play(answer(OK));
    await ask(await serve(t, app), '/v1-api/0/');
    assert.deepEqual(paths, ['/api/0/']);
  });

  it('speaks TLS to Sentry, with its own authorities', async (t) => {
    const { cert, key } = await selfSigned(makeFolder(t), 'sentry.example');
    const { readFileSync } = await import('node:fs');
    const sentry = await TlsUpstream.start({ cert: readFileSync(cert), key: readFileSync(key) });
    t.after(() => sentry.stop());
    const sentryUri = `https://127.0.0.1:${sentry.port}`;
    const trusting = await serve(t, createListener(optionsWith({ sentryUri, sentryCa: readFileSync(cert, 'utf8') })));
    assert.equal((await ask(trusting, '/')).text, 'ok');
    const wary = await serve(t, createListener(optionsWith({ sentryUri })));
    assert.equal((await ask(wary, '/')).status, 502);
  });
});

describe("the listener with Sentry's own token", () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());

  const store = (token: string) =>
    postgres.query(
      `INSERT INTO sentry_option (key, value) VALUES ('sentry:system-token', $1)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [JSON.stringify(token)],
    );
  const OLD = '1'.repeat(64);
  const NEW = '2'.repeat(64);

  it('reads it, and renews it when Sentry refuses it', async (t) => {
    await store(OLD);
    const reads: TokenRead[] = [];
    const onTokenRead = (read: TokenRead) => void reads.push(read);
    const pgxConn = postgres.connectionString;
    const listener: Listener = createListener(optionsWith({ token: undefined, pgxConn, onTokenRead }));
    t.after(() => listener.close());
    const port = await serve(t, listener);
    let accepted = OLD;
    const refusal = response(
      '401 Unauthorized',
      ['WWW-Authenticate: xBasic realm="api"'],
      '{"detail":"Invalid token"}',
    );
    const connections = upstream.play(async (connection) => {
      await connection.whole();
      const isAccepted = fieldValue(connection.request!, 'Authorization') === `Bearer ${accepted}`;
      connection.send(isAccepted ? OK : refusal);
      connection.finish();
    });
    await eventually(() => reads.length === 1, 'it is read');
    assert.equal((await ask(port, '/')).status, 200);
    await store(NEW);
    accepted = NEW;
    assert.equal((await ask(port, '/', { method: 'POST', body: 'again' })).status, 200);
    assert.equal(connections.length, 3);
    assert.deepEqual(
      reads.map(({ cause, result }) => `${cause} ${result}`),
      ['start changed', 'refused changed'],
    );
    assert.ok(!JSON.stringify(reads).includes(NEW) && !JSON.stringify(reads).includes(OLD));
  });

  it('goes on, and keeps its host running, if onTokenRead throws or rejects', async (t) => {
    await store(OLD);
    const complaint = t.mock.method(console, 'error', () => {});
    const pgxConn = postgres.connectionString;
    const callbacks: (() => void)[] = [
      () => {
        throw new Error('of the callback');
      },
      () => Promise.reject(new Error('of the callback')),
    ];
    upstream.play(answer(OK));
    for (const [index, onTokenRead] of callbacks.entries()) {
      const listener = createListener(optionsWith({ token: undefined, pgxConn, onTokenRead }));
      t.after(() => listener.close());
      const port = await serve(t, listener);
      await eventually(() => complaint.mock.callCount() === index + 1, 'it is reported');
      assert.equal((await ask(port, '/')).status, 200);
    }
  });

  it('ends by itself once server and listener are closed, also in the middle of a read', {
    timeout: 60_000,
  }, async (t) => {
    const mute = createServer();
    mute.removeAllListeners('connection');
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    t.after(() => {
      mute.close();
      mute.closeAllConnections();
    });
    for (const pgxConn of [
      postgres.connectionString,
      `host=127.0.0.1 port=${portOf(mute)} user=x connect_timeout=60`,
    ]) {
      const program = `
        import { createServer } from 'node:http';
        import { createListener } from '${join(import.meta.dirname, '../../adapters/node-http.ts')}';
        const listener = createListener({ sentryUri: '${upstream.uri}', pgxConn: process.argv[1], aliasTokens: ['${ALIAS}'] });
        const server = createServer(listener).listen(0, '127.0.0.1', async () => {
          await new Promise((resolve) => setTimeout(resolve, 500));
          server.close();
          await listener[Symbol.asyncDispose]();
          console.log('closed');
        });`;
      const child = startChild(process.execPath, ['--input-type=module', '-e', program, pgxConn]);
      const output = text(child.stdout);
      const exited = once(child, 'exit');
      const begun = performance.now();
      const first = await Promise.race([exited, sleep(20_000, 'still running', { ref: false })]);
      assert.deepEqual(first, [0, null], `after ${performance.now() - begun} ms`);
      assert.equal(await output, 'closed\n');
    }
  });
});
