// How a message body holds its connection back, and lets go of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageBody, type Sink } from '../../adapters/http1/message/message-body.ts';
import { Wire } from '../support/wire.ts';

interface Scene {
  wire: Wire;
  body: MessageBody;
  sink: Sink;
  written: () => string;
}

function scene(length: number): Scene {
  const wire = new Wire();
  const body = new MessageBody(wire.socket, { kind: 'length', length }, () => {});
  wire.on('data', (bytes: Buffer) => body.push(bytes));
  let written = '';
  const sink: Sink = {
    write(data) {
      written += data.toString('latin1');
      return true;
    },
    end: () => {
      written += '.';
    },
    abort: () => {
      written += '!';
    },
  };
  return { wire, body, sink, written: () => written };
}

test('the end of the connection is noticed behind a whole body, though its consumer lags', async () => {
  const { wire, body, sink, written } = scene(5);
  const lagging: Sink = { ...sink, write: (data) => !sink.write(data) };
  let isEndSeen = false;
  wire.on('end', () => {
    isEndSeen = true;
  });
  body.pipeTo(lagging);
  await wire.receive([Buffer.from('hello')]);
  assert.equal(written(), 'hello.');
  assert.ok(isEndSeen);
});

test('a sink without room holds the connection back until it resumes', async () => {
  const { wire, body, sink, written } = scene(10);
  let hasRoom = false;
  body.pipeTo({ ...sink, write: (data) => sink.write(data) && hasRoom });
  await turn();
  wire.push('hello');
  assert.ok(wire.isPaused());
  hasRoom = true;
  body.resume();
  assert.ok(!wire.isPaused());
  wire.push('world');
  assert.equal(written(), 'helloworld.');
});

test('a body that nobody reads holds the connection back', async () => {
  const { wire, body, sink, written } = scene(300_000);
  await turn();
  for (let i = 0; i < 3 && !wire.isPaused(); i++) wire.push(Buffer.alloc(50_000, 'x'));
  assert.ok(wire.isPaused());
  body.pipeTo(sink);
  assert.ok(!wire.isPaused());
  assert.equal(written().length, 100_000);
});

test('a reader gets what came before it asked, and then the rest', async () => {
  const { wire, body } = scene(10);
  await turn();
  wire.push('hello');
  const reader = body.getReader();
  assert.equal(String((await reader.read()).value), 'hello');
  const next = reader.read();
  wire.push('world and more');
  assert.equal(String((await next).value), 'world');
  assert.equal((await reader.read()).done, true);
});

test('a body that broke off gives nothing more', async () => {
  const { wire, body, sink, written } = scene(10);
  await turn();
  wire.push('hello');
  body.fail(new Error('broken'));
  await assert.rejects(body.getReader().read(), /broken/);
  body.pipeTo(sink);
  assert.equal(written(), '!');
});
