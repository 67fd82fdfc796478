import type { Capacity } from './capacity.ts';

/** Bytes of a connection: sockets of Node with their buffers, and OpenSSL's state with TLS. They were measured. */
const PLAIN = 8 * 1024;
const ENCRYPTED = 64 * 1024;
/** Bytes that a request in flight adds to that: its fields, its connection to Sentry. */
const REQUEST = 24 * 1024;

/** Milliseconds after which a client that has sent nothing does not look like one that is about to send a request. */
const SILENCE = 1000;

/** The share of the descriptors that is kept for silent connections that are turned away, but not at once. */
const SPARE = 1 / 4;

/** A connection, as its deadlines are checked. */
export interface TimedConnection {
  /** When its next step is due, by `performance.now()`. */
  readonly deadline: number;
  /** The deadline has passed. */
  expire(): void;
  /** The port is closed. */
  shorten(): void;
}

/**
 * The room that connections share, in descriptors and in memory. When it is full, a new one takes the place of another:
 * of one that has been silent for a second, then of one that was answered and still sends, then of the oldest whose head
 * has not ended. Requests in flight stay, and then it is the new one that is turned away.
 */
export class Room {
  readonly #capacity: Capacity;
  readonly #turnedAway: () => void;
  readonly #now: () => number;
  readonly #silent = new Line();
  readonly #lingering = new Line();
  readonly #heads = new Line();
  readonly #requests = new Line();
  /** Silent ones that are turned away unless their first bytes are there already, and have only not been read. */
  readonly #leaving = new Line();
  #bytes = 0;

  /** @param turnedAway called for each connection that is turned away */
  constructor(capacity: Capacity, turnedAway: () => void, now = () => performance.now()) {
    this.#capacity = capacity;
    this.#turnedAway = turnedAway;
    this.#now = now;
  }

  /**
   * Gives a new connection a place, which it may lose at once.
   * @param close closes the connection
   */
  enter(isEncrypted: boolean, close: () => void): Place {
    const place = new Place(this, this.#now(), isEncrypted ? ENCRYPTED : PLAIN, close);
    this.#put(place, this.#silent, 0);
    this.#makeRoomFor(place);
    return place;
  }

  /** Calls back with every connection that is there, in no order. It may leave meanwhile. */
  visit(see: (connection: TimedConnection) => void): void {
    for (const line of [this.#silent, this.#lingering, this.#heads, this.#requests, this.#leaving]) {
      for (let place = line.first; place !== undefined; ) {
        const { next, connection } = place;
        if (connection !== undefined) see(connection);
        place = next;
      }
    }
  }

  /** @param held bytes of the head that are held */
  readHead(place: Place, held: number): void {
    // Lines are in the order in which their members came.
    if (place.line === this.#heads) this.#weigh(place, held);
    else this.#put(place, this.#heads, held);
    this.#makeRoomFor(place);
  }

  request(place: Place): boolean {
    this.#put(place, this.#requests, REQUEST);
    this.#makeRoomFor(place);
    const { requests = Number.POSITIVE_INFINITY } = this.#capacity;
    if (this.#requests.size > requests) this.#turnAway(this.#requests.first!);
    return !place.isLost;
  }

  linger(place: Place): void {
    this.#put(place, this.#lingering, 0);
  }

  leave(place: Place): void {
    this.#bytes -= place.bytes;
    place.bytes = 0;
    place.line?.remove(place);
  }

  #put(place: Place, line: Line, added: number): void {
    place.line?.remove(place);
    line.append(place);
    this.#weigh(place, added);
  }

  #weigh(place: Place, added: number): void {
    const bytes = place.least + added;
    this.#bytes += bytes - place.bytes;
    place.bytes = bytes;
  }

  get #isOver(): boolean {
    const { descriptors, bytes } = this.#capacity;
    return this.#descriptors > descriptors * (1 - SPARE) || this.#bytes > bytes;
  }

  /** Descriptors in use, but for those of connections that leave. */
  get #descriptors(): number {
    return this.#silent.size + this.#lingering.size + this.#heads.size + 2 * this.#requests.size;
  }

  #makeRoomFor(place: Place): void {
    while (this.#isOver && !place.isLost) {
      const victim = this.#leastWanted(place);
      if (victim.line === this.#silent) this.#turnAwayUnlessHeard(victim);
      else this.#turnAway(victim);
    }
  }

  #leastWanted(place: Place): Place {
    const silent = this.#silent.firstBut(place);
    const isSilentForLong = silent !== undefined && this.#now() - silent.since >= SILENCE;
    if (isSilentForLong) return silent;
    const head = this.#heads.firstBut(place);
    const isHeadOlder = head !== undefined && (silent === undefined || head.since <= silent.since);
    const mayCutOff = this.#capacity.requests !== undefined;
    return (
      this.#lingering.first ??
      (isHeadOlder ? head : silent) ??
      (mayCutOff ? this.#requests.firstBut(place) : undefined) ??
      place
    );
  }

  #turnAway(place: Place): void {
    this.leave(place);
    place.close();
    this.#turnedAway();
  }

  /** Waits for bytes that came with the connection: they are read only in the next round of the event loop. */
  #turnAwayUnlessHeard(place: Place): void {
    const hasSpare = this.#descriptors + this.#leaving.size < this.#capacity.descriptors;
    if (!hasSpare) {
      this.#turnAway(place);
      return;
    }
    this.leave(place);
    if (this.#leaving.size === 0) setImmediate(() => setImmediate(() => this.#turnAwayLeaving()));
    this.#leaving.append(place);
  }

  #turnAwayLeaving(): void {
    while (this.#leaving.first !== undefined) this.#turnAway(this.#leaving.first);
  }
}

/** The place of a connection. */
export class Place {
  /** When the connection began, in milliseconds. */
  readonly since: number;
  /** Bytes that the connection takes up in any case. */
  readonly least: number;
  /** Bytes that are counted for it. */
  bytes = 0;
  close: () => void;
  /** Undefined until a TLS handshake is finished. */
  connection: TimedConnection | undefined;
  /** The line in which it stands; undefined once it has left or was turned away. */
  line: Line | undefined;
  previous: Place | undefined;
  next: Place | undefined;
  readonly #room: Room;

  constructor(room: Room, since: number, least: number, close: () => void) {
    this.#room = room;
    this.since = since;
    this.least = least;
    this.close = close;
  }

  /** The connection is closed, or about to be. */
  get isLost(): boolean {
    return this.line === undefined;
  }

  /** So many bytes are held of a head that has not ended. */
  readHead(held: number): void {
    if (!this.isLost) this.#room.readHead(this, held);
  }

  /** The head has ended. @returns whether there is room for the request */
  request(): boolean {
    return !this.isLost && this.#room.request(this);
  }

  /** The response is sent, and the client still sends. */
  linger(): void {
    if (!this.isLost) this.#room.linger(this);
  }

  leave(): void {
    this.#room.leave(this);
  }
}

/** Places in the order in which they came, linked through the places themselves. */
class Line {
  size = 0;
  first: Place | undefined;
  #last: Place | undefined;

  /** The first place that is not this one. */
  firstBut(place: Place): Place | undefined {
    return this.first === place ? place.next : this.first;
  }

  append(place: Place): void {
    place.line = this;
    place.previous = this.#last;
    if (this.#last === undefined) this.first = place;
    else this.#last.next = place;
    this.#last = place;
    this.size++;
  }

  /** The place keeps no link to others: V8 would keep them for as long as it keeps the place. */
  remove(place: Place): void {
    if (place.previous === undefined) this.first = place.next;
    else place.previous.next = place.next;
    if (place.next === undefined) this.#last = place.previous;
    else place.next.previous = place.previous;
    place.line = undefined;
    place.previous = undefined;
    place.next = undefined;
    this.size--;
  }
}
