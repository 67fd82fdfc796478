// How a head is gathered from reads, and what no head may be written with.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeTransport } from '../../adapters/http1/client/transport.ts';
import { MalformedMessage } from '../../adapters/http1/message/field-lines.ts';
import { HeadReader } from '../../adapters/http1/message/head-reader.ts';
import { fieldSection, requestLine, statusLine } from '../../adapters/http1/message/head-writer.ts';
import { Connection } from '../../adapters/http1/server/connection.ts';
import type { Finished } from '../../adapters/http1/server/owner.ts';
import { RequestReader } from '../../adapters/http1/server/request-reader.ts';
import { onlyFields } from '../../src/http/headers.ts';
import { placeInRoom } from '../support/room.ts';
import { Upstream } from '../support/upstream.ts';
import { Wire } from '../support/wire.ts';

/** As latin1 they end up as CR, LF, SP, NUL and DEL. */
const TRUNCATED = ['\u010d', '\u010a', '\u0120', '\u0100', '\u017f'];
const CONTROLS = ['\r', '\n', '\0', '\x0b', '\x1f', '\x7f'];
const NEVER = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };

for (const character of [...TRUNCATED, ...CONTROLS]) {
  const name = JSON.stringify(character);
  test(`no head is written with ${name} in it`, () => {
    assert.throws(() => requestLine(`G${character}T`, '/'), MalformedMessage);
    assert.throws(() => requestLine('GET', `/${character}`), MalformedMessage);
    assert.throws(() => statusLine(200, `O${character}`), MalformedMessage);
    assert.throws(() => fieldSection([['X', `a${character}b`]]), MalformedMessage);
    assert.throws(() => fieldSection([[`X${character}`, 'a']]), MalformedMessage);
  });
}

test('no target is written with a blank or a byte that is not ASCII', () => {
  for (const target of ['/ ', '/\t', '/\xe9', '', ' /'])
    assert.throws(() => requestLine('GET', target), MalformedMessage);
});

test('tabs and Latin-1 are written in values and reasons', () => {
  assert.equal(fieldSection([['X', 'a\t\xe9']]).text, 'X: a\t\xe9\r\n');
  assert.equal(statusLine(404, 'Non trouv\xe9'), 'HTTP/1.1 404 Non trouv\xe9\r\n');
});

test('a request that no head can be written of is refused with bad_request, and no connection is made for it', async (t) => {
  const upstream = await Upstream.start();
  t.after(() => upstream.stop());
  const connections = upstream.play(() => {});
  const send = makeTransport({ origin: upstream.uri });
  const split = '/a\u0120HTTP/1.1\u010d\u010aX:\u0120y\u010d\u010a\u010d\u010aGET\u0120/admin';
  for (const [method, target, fields] of [
    ['GET', split, []],
    ['GE\u0120T', '/', []],
    ['GET', '/', [['X', 'a\u010d\u010aY: b']]],
    ['GET', '/', [['X\r\nY', 'a']]],
  ] satisfies [string, string, [string, string][]][]) {
    const request = { method, headers: onlyFields(fields), body: null, signal: NEVER };
    await assert.rejects(send(`${upstream.uri}${target}`, request), { name: 'bad_request' });
  }
  assert.deepEqual(connections, []);
});

test('an answer that no head can be written of becomes a 500 for the client', async () => {
  for (const answer of [
    { status: 200, statusText: 'OK\r\nX: y', headers: onlyFields([]), body: 'secret' },
    { status: 200, headers: onlyFields([['X', '\u010a']]), body: 'secret' },
  ]) {
    const wire = new Wire();
    let written = '';
    wire._write = (chunk, _encoding, done) => {
      written += chunk;
      done();
    };
    const finished: Finished[] = [];
    new Connection(
      wire.socket,
      {
        limits: { readHeader: 0, read: 0, write: 0, maxHead: 1024 },
        isDraining: false,
        handle: async () => answer,
        finished: (request) => finished.push(request),
        closed() {},
      },
      placeInRoom(),
    );
    await wire.receive([Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]);
    assert.match(written, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
    assert.doesNotMatch(written, /secret/);
    assert.deepEqual(
      finished.map(({ status, trace }) => [status, trace.error]),
      [[500, 'internal_error']],
    );
  }
});

test('a head is found however it is cut into reads', () => {
  const head = 'GET / HTTP/1.1\r\nHost: x\r\nX: \r\n';
  const bytes = Buffer.from(`${head}\r\nbody\r\n\r\n`);
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new HeadReader();
    let at = 0;
    let hasEnded = false;
    while (!hasEnded) {
      hasEnded = reader.push(bytes.subarray(at, at + size));
      assert.equal(reader.hasBareLineEnd(), false);
      at += size;
    }
    assert.equal(reader.text, head.slice(0, -2));
    assert.equal(`${reader.rest}${bytes.subarray(at)}`, 'body\r\n\r\n', `in pieces of ${size}`);
  }
});

test('a bare line end is seen however a head is cut into reads', () => {
  for (const text of ['GET / HTTP/1.1\nHost: x\r\n', 'GET / HTTP/1.1\rHost: x\r\n', '\n', 'a\r\r\n', 'a\r\n\n']) {
    const bytes = Buffer.from(`${text}more`);
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new HeadReader();
      let isSeen = false;
      for (let at = 0; at < bytes.length; at += size) {
        reader.push(bytes.subarray(at, at + size));
        isSeen ||= reader.hasBareLineEnd();
      }
      assert.ok(isSeen, `${JSON.stringify(text)} in pieces of ${size}`);
    }
  }
});

test('a head of 1 MiB in reads of 512 bytes takes below 0.3 s of CPU', () => {
  const reader = new RequestReader(2 * 1024 * 1024);
  const piece = Buffer.from(`X: ${'y'.repeat(507)}\r\n`);
  const before = process.cpuUsage();
  reader.readHead(Buffer.from('GET / HTTP/1.1\r\n'));
  for (let i = 0; i < 2048; i++) reader.readHead(piece);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 300_000, `${user + system} µs`);
});
