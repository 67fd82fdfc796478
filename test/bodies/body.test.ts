// What is kept of request bodies, so that they can be sent again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBudget } from '../../src/bodies/memory-budget.ts';
import { makeBodyRules, type OutgoingBody, outgoingBody } from '../../src/bodies/request-body.ts';
import { ProxyError } from '../../src/http/errors.ts';
import type { Body, Signal } from '../../src/http/types.ts';

/** A body whose chunks come when the test says so. */
class Incoming implements Body {
  readonly #chunks: (string | undefined)[] = [];
  #wake = () => {};
  /** Readers that hold it. */
  readers = 0;

  /** Undefined ends it. */
  push(chunk: string | undefined): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  getReader() {
    this.readers++;
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
      releaseLock: () => {
        this.readers--;
      },
    };
  }

  async cancel(): Promise<void> {}
}

const NEVER: Signal = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };
const KNOWN = { isInjected: true, length: 12, isChunked: false, mayReplay: true, signal: NEVER };
const CHUNKED = { ...KNOWN, length: undefined, isChunked: true };
const BYPASSED = { ...CHUNKED, isInjected: false, mayReplay: false };

const rules = (replayLimit: number, replayLimitTotal = 1024 ** 2, streamChunked = false) =>
  makeBodyRules({ replayLimit, replayLimitTotal, streamChunked });

async function wholeOf({ body }: OutgoingBody): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const reader = body!.getReader();
  let whole = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return whole;
    whole += Buffer.from(value!).toString();
  }
}

describe('a request body', () => {
  it('is sent again from its beginning', async () => {
    const incoming = new Incoming();
    for (const chunk of ['first ', 'second', undefined]) incoming.push(chunk);
    const outgoing = await outgoingBody(incoming, KNOWN, rules(100));
    assert.equal(await wholeOf(outgoing), 'first second');
    assert.ok(outgoing.canReplay);
    assert.equal(await wholeOf(outgoing), 'first second');
    assert.equal(outgoing.length, undefined, "the client's own field says it already");
  });

  it('that is longer than what may be kept streams as it is, and can not be sent again', async () => {
    const incoming = new Incoming();
    const outgoing = await outgoingBody(incoming, { ...KNOWN, length: 101 }, rules(100));
    assert.equal(outgoing.body, incoming);
    assert.ok(!outgoing.canReplay);
  });

  it('of unknown length is read whole and sent with its length', async () => {
    const incoming = new Incoming();
    for (const chunk of ['12345', '67890', undefined]) incoming.push(chunk);
    const outgoing = await outgoingBody(incoming, CHUNKED, rules(10));
    assert.equal(outgoing.length, 10);
    assert.equal(Buffer.from(outgoing.body as Uint8Array).toString(), '1234567890');
    assert.ok(outgoing.canReplay);
  });

  it('of unknown length is refused above the limit, and read no further', async () => {
    const incoming = new Incoming();
    for (const chunk of ['12345', '67890', '!', undefined]) incoming.push(chunk);
    await assert.rejects(outgoingBody(incoming, CHUNKED, rules(10)), { name: 'content_too_large' });
    assert.equal(incoming.readers, 0);
  });

  it('of unknown length is streamed to a Sentry that reads chunks', async () => {
    const incoming = new Incoming();
    for (const chunk of ['12345', '67890', '!', undefined]) incoming.push(chunk);
    const outgoing = await outgoingBody(incoming, CHUNKED, rules(10, 1024, true));
    assert.equal(outgoing.length, undefined);
    assert.equal(await wholeOf(outgoing), '1234567890!');
    assert.ok(!outgoing.canReplay);
  });

  it('that is bypassed is handed on as it is, and nothing of it is kept', async () => {
    const incoming = new Incoming();
    const outgoing = await outgoingBody(incoming, BYPASSED, rules(10));
    assert.equal(outgoing.body, incoming);
    assert.ok(!outgoing.canReplay);
  });

  describe('where a stream would lose its length', () => {
    const whole = (replayLimit: number, replayLimitTotal: number) =>
      makeBodyRules({ replayLimit, replayLimitTotal, streamChunked: false, needsWholeBodies: true });
    const sentBy = (size: number) => {
      const incoming = new Incoming();
      incoming.push('x'.repeat(size));
      incoming.push(undefined);
      return incoming;
    };

    for (const [way, delivery] of [
      ['injected', KNOWN],
      ['bypassed', { ...BYPASSED, length: 900 }],
    ] as const) {
      it(`is read whole before it is sent, above the limit of replays too: ${way}`, async () => {
        const outgoing = await outgoingBody(sentBy(500), delivery, whole(10, 1000));
        assert.ok(outgoing.body instanceof Uint8Array);
        assert.equal(outgoing.body.length, 500);
        // The client's own field says it already.
        assert.equal(outgoing.length, undefined);
      });

      it(`is refused above the limit of all, with the setting to raise: ${way}`, async () => {
        const refused = outgoingBody(sentBy(1001), delivery, whole(10, 1000));
        await assert.rejects(refused, { name: 'content_too_large', message: /REPLAY_LIMIT_TOTAL/ });
      });
    }

    it('leaves injected requests their room, however many are bypassed', async () => {
      const all = whole(10, 1000);
      await outgoingBody(sentBy(900), { ...BYPASSED, length: 900 }, all);
      const refused = outgoingBody(sentBy(900), { ...BYPASSED, length: 900 }, all);
      await assert.rejects(refused, { name: 'uploads_full' });
      const outgoing = await outgoingBody(sentBy(900), KNOWN, all);
      assert.ok(outgoing.body instanceof Uint8Array);
    });

    it('streams to a Sentry that reads chunked bodies', async () => {
      const all = makeBodyRules({ replayLimit: 10, replayLimitTotal: 10, streamChunked: true, needsWholeBodies: true });
      const incoming = sentBy(500);
      assert.equal((await outgoingBody(incoming, { ...KNOWN, mayReplay: false }, all)).body, incoming);
    });
  });

  it('that may be none is looked at before it is sent', async () => {
    const unknown = { ...BYPASSED, isChunked: false };
    const none = new Incoming();
    none.push(undefined);
    assert.equal((await outgoingBody(none, unknown, rules(10))).body, null);
    const some = new Incoming();
    for (const chunk of ['', '12345', '67890', '!', undefined]) some.push(chunk);
    const outgoing = await outgoingBody(some, unknown, rules(10));
    assert.equal(outgoing.length, undefined);
    assert.ok(!outgoing.canReplay);
    assert.equal(await wholeOf(outgoing), '1234567890!');
    assert.equal(none.readers, 0);
  });

  it('of unknown length is refused where the bodies of others take up all the room', async () => {
    const all = rules(1000, 10_000);
    const make = () => {
      const incoming = new Incoming();
      for (const chunk of ['x'.repeat(1000), undefined]) incoming.push(chunk);
      return outgoingBody(incoming, CHUNKED, all);
    };
    const kept: OutgoingBody[] = [];
    for (let i = 0; i < 10; i++) kept.push(await make());
    await assert.rejects(make(), { name: 'uploads_full' });
    kept.pop()!.release();
    await make();
    await assert.rejects(make(), { name: 'uploads_full' });
    // Another proxy in the same process has its own room.
    const other = new Incoming();
    for (const chunk of ['x', undefined]) other.push(chunk);
    assert.equal((await outgoingBody(other, CHUNKED, rules(1000, 10_000))).length, 1);
  });

  it('of known length streams on where there is no room, and can not be sent again', async () => {
    const all = rules(1000, 1000);
    const first = new Incoming();
    for (const chunk of ['x'.repeat(1000), undefined]) first.push(chunk);
    await outgoingBody(first, CHUNKED, all);
    const second = new Incoming();
    for (const chunk of ['hello', undefined]) second.push(chunk);
    const outgoing = await outgoingBody(second, KNOWN, all);
    assert.equal(await wholeOf(outgoing), 'hello');
    assert.ok(!outgoing.canReplay);
  });

  it('gives back its room when the request is aborted while it is read', async () => {
    const all = rules(1000, 1000);
    const controller = new AbortController();
    const reason = new ProxyError('upstream_timeout');
    const slow = new TransformStream<Uint8Array>();
    const reading = outgoingBody(slow.readable, { ...CHUNKED, signal: controller.signal }, all);
    const client = slow.writable.getWriter();
    await client.write(new Uint8Array(900));
    controller.abort(reason);
    await assert.rejects(reading, (error) => error === reason);
    // A read that had begun takes one more chunk; otherwise none is taken.
    client.write(new Uint8Array(1)).catch(() => {});
    await sleep(1);
    assert.ok(!slow.readable.locked, 'the reader still holds the body');
    const next = new Incoming();
    for (const chunk of ['x'.repeat(1000), undefined]) next.push(chunk);
    assert.equal((await outgoingBody(next, CHUNKED, all)).length, 1000);
  });
});

describe('a budget of bytes', () => {
  it('takes back what a request had that was dropped without a word', async () => {
    const budget = makeBudget(100, 20);
    assert.ok(budget.open().growTo(100));
    assert.ok(!budget.open().growTo(1));
    await sleep(30);
    assert.ok(budget.open().growTo(100));
    assert.ok(!budget.open().growTo(1));
  });
});
