// What is kept of request bodies, so that they can be sent again.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { outgoingBody as makeOutgoingBody, type OutgoingBody } from '../src/replay-body.ts';
import type { Body } from '../src/types.ts';

/** A body whose chunks come when the test says so. */
class Incoming implements Body {
  readonly #chunks: (string | undefined)[] = [];
  #wake = () => {};

  /** Undefined ends it. */
  push(chunk: string | undefined): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  getReader() {
    return {
      read: async () => {
        while (this.#chunks.length === 0) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        const chunk = this.#chunks.shift();
        return chunk === undefined ? { done: true } : { done: false, value: Buffer.from(chunk) };
      },
      releaseLock: () => {},
    };
  }

  async cancel(): Promise<void> {}
}

/** What all requests keep together is bounded: each test gives back what it took. */
const made: OutgoingBody[] = [];
const outgoingBody: typeof makeOutgoingBody = async (...args) => {
  const outgoing = await makeOutgoingBody(...args);
  made.push(outgoing);
  return outgoing;
};

async function wholeOf({ body }: OutgoingBody): Promise<string> {
  let whole = '';
  for await (const chunk of body as AsyncIterable<Uint8Array>) whole += Buffer.from(chunk).toString();
  return whole;
}

describe('a request body', () => {
  afterEach(() => {
    for (const outgoing of made.splice(0)) outgoing.release();
  });

  it('is sent again from its beginning', async () => {
    const incoming = new Incoming();
    const outgoing = await outgoingBody(incoming, true, true, 100);
    for (const chunk of ['first ', 'second', undefined]) incoming.push(chunk);
    assert.equal(await wholeOf(outgoing), 'first second');
    assert.ok(outgoing.canReplay());
    assert.equal(await wholeOf(outgoing), 'first second');
  });

  it('is sent again whole when it outgrows the limit after that began', async () => {
    const incoming = new Incoming();
    const outgoing = await outgoingBody(incoming, true, true, 10);
    incoming.push('first ');
    const refused = wholeOf(outgoing);
    await turn();
    assert.ok(outgoing.canReplay());
    const replayed = wholeOf(outgoing);
    await turn();
    for (const chunk of ['second ', 'third', undefined]) incoming.push(chunk);
    assert.equal(await replayed, 'first second third');
    await refused;
    assert.ok(!outgoing.canReplay());
  });

  it('goes on when what was kept of it is given up', async () => {
    const incoming = new Incoming();
    const outgoing = await outgoingBody(incoming, true, true, 100);
    incoming.push('first ');
    const sent = (outgoing.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await sent.next();
    outgoing.release();
    assert.ok(!outgoing.canReplay());
    incoming.push('second');
    incoming.push(undefined);
    assert.equal(Buffer.from((await sent.next()).value).toString(), 'second');
    assert.equal((await sent.next()).done, true);
  });

  it('is streamed where it does not fit the limit', async () => {
    const incoming = new Incoming();
    for (const chunk of ['12345', '67890', '!', undefined]) incoming.push(chunk);
    const outgoing = await outgoingBody(incoming, false, true, 10);
    assert.equal(outgoing.length, undefined);
    assert.ok(!outgoing.canReplay());
    assert.equal(await wholeOf(outgoing), '1234567890!');
  });

  it('is streamed where the bodies of others take up all the room', async () => {
    const chunk = 'x'.repeat(1024 * 1024);
    const make = () => {
      const incoming = new Incoming();
      incoming.push(chunk);
      incoming.push(undefined);
      return outgoingBody(incoming, false, true, chunk.length);
    };
    const kept: OutgoingBody[] = [];
    for (let i = 0; i < 256; i++) kept.push(await make());
    assert.ok(kept.every((outgoing) => outgoing.canReplay() && outgoing.length === chunk.length));

    const oneMore = await make();
    assert.ok(!oneMore.canReplay());
    assert.equal(await wholeOf(oneMore), chunk);

    kept.pop()!.release();
    assert.ok((await make()).canReplay());
  });
});
