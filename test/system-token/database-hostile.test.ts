import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fakeServer } from '../support/pg-fake.ts';
import { failureWith } from '../support/pg-read.ts';

/** A message of PostgreSQL's protocol: a type, the length, a body. */
function message(type: string, ...body: (string | number[])[]): Buffer {
  const content = Buffer.concat(body.map((part) => Buffer.from(part as string)));
  const header = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0]);
  header.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([header, content]);
}

const PLAIN = 'sslmode=disable';
const AUTHENTICATED = message('R', [0, 0, 0, 0]);
const READY = message('Z', 'I');
const COLUMN = message('T', [0, 1], 'value\0', [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]);
const ROW = message('D', [0, 1, 0, 0, 0, 5], 'token');
/** More than the proxy takes in all, in messages that are each small enough, so that no time limit comes first. */
const flood = (unit: Buffer) => Array.from({ length: Math.ceil(1_500_000 / unit.length) }, () => unit);

describe('a hostile server', { concurrency: 8 }, () => {
  const surprises: unknown[] = [];
  const surprise = (error: unknown) => surprises.push(error);

  before(() => {
    process.on('uncaughtException', surprise).on('unhandledRejection', surprise);
  });

  after(() => {
    process.off('uncaughtException', surprise).off('unhandledRejection', surprise);
    assert.deepEqual(surprises, []);
  });

  /** Fails with the message, in time, and neither takes the process down nor keeps the connection. */
  async function fails(
    test: TestContext,
    behaviour: (socket: Socket) => void,
    reason: RegExp,
    parameters = PLAIN,
  ): Promise<void> {
    const { port, sockets } = await fakeServer(test, behaviour);
    const text = `host=127.0.0.1 port=${port} user=u password=hush-hush connect_timeout=1 ${parameters}`;
    const error = await failureWith(text);
    assert.match(error.message, reason);
    assert.ok(!error.message.includes('hush-hush'), 'the password is not in the message');
    for (const socket of [...sockets]) {
      socket.resume();
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(surprises, []);
  }

  const send =
    (...chunks: Buffer[]) =>
    (socket: Socket) => {
      socket.once('data', () => socket.write(Buffer.concat(chunks)));
    };
  const sendAtOnce =
    (...chunks: Buffer[]) =>
    (socket: Socket) => {
      socket.resume();
      socket.write(Buffer.concat(chunks));
    };
  /** Logs the client in, and answers its first statements with this. */
  const afterLogIn =
    (...chunks: Buffer[]) =>
    (socket: Socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([AUTHENTICATED, READY]));
        socket.once('data', () => socket.write(Buffer.concat(chunks)));
      });
    };
  const trickle =
    (what: Buffer, pause: number) =>
    (socket: Socket): void => {
      let at = 0;
      const timer = setInterval(() => socket.write(what.subarray(at, ++at)), pause);
      socket.resume().on('close', () => clearInterval(timer));
    };

  const cases: [name: string, behaviour: (socket: Socket) => void, reason: RegExp][] = [
    [
      'that speaks HTTP',
      send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /does not speak the PostgreSQL protocol/,
    ],
    [
      'that speaks before it is asked',
      sendAtOnce(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')),
      /far too long|does not speak/,
    ],
    ['with a message of 2 GiB', send(Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff, 0, 0])), /far too long/],
    ['with a message of negative length', send(Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff])), /far too long/],
    ['with a message shorter than its header', send(Buffer.from([0x52, 0, 0, 0, 0, 0, 0])), /malformed/],
    ['with an authentication request without its kind', send(message('R')), /malformed/],
    [
      'with an authentication that is not supported',
      send(message('R', [0, 0, 0, 7])),
      /an authentication method that is not supported/,
    ],
    ['with an error message without its end', send(message('E', 'SFATAL')), /malformed/],
    ['with an error message that is empty', send(message('E')), /malformed/],
    ['with a notice without its end', afterLogIn(message('N', 'SNOTICE\0')), /malformed/],
    ['with SASL mechanisms without their end', send(message('R', [0, 0, 0, 10], 'SCRAM-SHA-256')), /no answer|closed/],
    [
      'with SASL out of order',
      send(message('R', [0, 0, 0, 11], 'x'), message('R', [0, 0, 0, 12], 'y')),
      /violates the PostgreSQL protocol/,
    ],
    [
      'with a SASL challenge that is nonsense',
      send(message('R', [0, 0, 0, 10], 'SCRAM-SHA-256\0\0'), message('R', [0, 0, 0, 11], 'nonsense')),
      /SASL|violates/,
    ],
    [
      'with a row before any statement',
      send(AUTHENTICATED, READY, message('D', [0, 1, 0, 0, 0, 1], 'x')),
      /127\.0\.0\.1/,
    ],
    ['with a row of more columns than it has', afterLogIn(COLUMN, message('D', [0x7f, 0xff])), /malformed/],
    ['with a row of a negative number of columns', afterLogIn(COLUMN, message('D', [0xff, 0xff])), /malformed/],
    ['with columns that it does not have', afterLogIn(message('T', [0x7f, 0xff], 'value\0')), /malformed/],
    ['with a COPY instead of rows', afterLogIn(message('G', [0, 0, 0])), /does not speak the PostgreSQL protocol/],
    ['that hangs up', (socket) => socket.destroy(), /closed the connection/],
    [
      'that hangs up in the middle of a message',
      (socket) => socket.once('data', () => socket.end(AUTHENTICATED.subarray(0, 6))),
      /closed the connection/,
    ],
    ['that says nothing', (socket) => socket.resume(), /no answer within 1 s/],
    [
      'that says one byte at a time',
      trickle(Buffer.concat([AUTHENTICATED, message('S', 'a\0b\0')]), 60),
      /no answer within 1 s/,
    ],
    [
      'that tells the password on',
      send(message('E', 'SFATAL\0C28000\0Myour password is hush-hush\n\x1b[31m\0\0')),
      /your password is \*\*\* +\[31m \(28000\)/,
    ],
    [
      'with an error of another length',
      send(message('E', `SFATAL\0CXX000\0M${'x'.repeat(60_000)}\0\0`)),
      /^.{0,300}x\.\.\. \(XX000\)\.$/,
    ],
    ['with an error that lacks nearly all', send(message('E', 'Cconstructor\0\0')), /unknown error|protocol/],
    [
      'with an error code that is none',
      send(message('E', 'SFATAL\0Cconstructor\0Mnot now\0\0')),
      /^127\.0\.0\.1:\d+: not now\.$/,
    ],
    [
      'that refuses, and goes on talking',
      send(message('E', 'SFATAL\0C57P03\0Mnot now\0\0'), AUTHENTICATED, READY, COLUMN),
      /not now \(57P03\)/,
    ],
  ];
  for (const [name, behaviour, reason] of cases)
    it(`${name} is only a failure`, (test) => fails(test, behaviour, reason));

  it('that never stops sending notices is cut off after so many bytes', async (test) => {
    const notices = flood(message('N', `SNOTICE\0M${'x'.repeat(32_000)}\0\0`));
    await fails(
      test,
      send(AUTHENTICATED, ...notices),
      /sends more than it was asked for/,
      `${PLAIN} connect_timeout=60`,
    );
  });

  it('that never stops sending rows is cut off after so many bytes', async (test) => {
    const rows = flood(message('D', [0, 1, 0, 0, 0x7d, 0], 'x'.repeat(32_000)));
    await fails(test, afterLogIn(COLUMN, ...rows), /sends more than it was asked for/);
  });

  it('that falls silent once the statement is sent is a failure', async (test) => {
    const done = Buffer.concat([message('C', 'BEGIN\0'), message('C', 'SET\0'), READY]);
    await fails(test, afterLogIn(done), /no answer within 5 s/);
  });

  it('that gives nonsense for JSON is a failure that does not quote it', async (test) => {
    const done = Buffer.concat([message('C', 'BEGIN\0'), message('C', 'SET\0'), READY]);
    const jsonColumn = Buffer.from(COLUMN);
    jsonColumn.writeUInt32BE(3802, jsonColumn.indexOf('value') + 12);
    await fails(
      test,
      (socket) => {
        const answers = [Buffer.concat([AUTHENTICATED, READY]), done, Buffer.concat([jsonColumn, ROW, READY])];
        socket.on('data', () => answers.length > 0 && socket.write(answers.shift()!));
      },
      /^127\.0\.0\.1:\d+: it violates the PostgreSQL protocol\.$/,
    );
  });

  it('that answers the request for TLS with more than one byte is a failure', async (test) => {
    await fails(test, send(Buffer.from('S'), AUTHENTICATED, READY), /unexpected answer/, 'sslmode=require');
  });

  it('that answers the request for TLS with nonsense is a failure', async (test) => {
    await fails(test, send(Buffer.from('Snonsense')), /unexpected answer/, 'sslmode=require');
    await fails(test, send(Buffer.from('E')), /unexpected answer/, 'sslmode=require');
    await fails(test, (socket) => socket.once('data', () => socket.end()), /closed the connection/, 'sslmode=require');
    await fails(
      test,
      (socket) => socket.once('data', () => socket.write('S', () => socket.write(randomBytes(300)))),
      /TLS handshake failed|closed the connection|unexpected answer/,
      'sslmode=require',
    );
  });

  it('that makes noise is a failure every time', async (test) => {
    for (let round = 0; round < 60; round++) {
      const noise = randomBytes(1 + round * 20);
      await fails(test, (socket) => socket.once('data', () => socket.end(noise)), /127\.0\.0\.1/);
      await fails(test, afterLogInThenEnd(noise), /127\.0\.0\.1/);
    }
  });

  const afterLogInThenEnd = (noise: Buffer) => (socket: Socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATED, READY]));
      // Noise with a proper beginning gets further than noise without.
      const type = 'RSKZTDCENA'.charAt(noise[0]! % 10);
      socket.once('data', () => socket.end(Buffer.concat([message(type, [...noise]), READY])));
    });
  };
});
