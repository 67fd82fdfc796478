import { asProxyError, ProxyError } from '../http/errors.ts';
import type { Body, BodyReader, Signal } from '../http/types.ts';

/**
 * A response body that reports its end once, whether it is complete, fails or is cancelled, or whether its request is no
 * longer wanted. A reader that stops reading may neither read on nor cancel, so the signal counts until the body ends.
 */
export class ReportingBody implements Body {
  readonly #body: Body;
  readonly #signal: Signal;
  readonly #ended: (error?: ProxyError) => void;
  #reader: BodyReader | undefined;
  #reading: Promise<unknown> | undefined;
  /** Why the rest is withheld from the reader. */
  #failure: ProxyError | undefined;
  #hasEnded = false;

  constructor(body: Body, signal: Signal, ended: (error?: ProxyError) => void) {
    this.#body = body;
    this.#signal = signal;
    this.#ended = ended;
    signal.addEventListener('abort', this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  getReader(): BodyReader {
    const reader = this.#body.getReader();
    this.#reader = reader;
    return { read: () => this.#read(reader), releaseLock: () => reader.releaseLock() };
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#end(new ProxyError('client_gone'));
    if (this.#failure === undefined) await this.#body.cancel(reason);
  }

  async #read(reader: BodyReader): ReturnType<BodyReader['read']> {
    if (this.#failure !== undefined) throw this.#failure;
    const reading = reader.read();
    this.#reading = reading;
    try {
      const result = await reading;
      if (result.done) this.#end();
      return result;
    } catch (thrown) {
      this.#end(asProxyError(thrown));
      throw thrown;
    }
  }

  readonly #onAbort = (): void => {
    if (this.#hasEnded) return;
    this.#failure = asProxyError(this.#signal.reason);
    this.#end(this.#failure);
    void this.#giveUp(this.#failure);
  };

  /** The transport may have stopped listening, with all of the response in its buffers. */
  async #giveUp(reason: ProxyError): Promise<void> {
    try {
      // workerd does not release a reader while a read waits. The transport fails such a read by the same signal.
      await this.#reading?.catch(() => {});
      this.#reader?.releaseLock();
      await this.#body.cancel(reason);
    } catch {
      // A body that has failed can't be cancelled, and need not be.
    }
  }

  #end(error?: ProxyError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#ended(error);
  }
}
