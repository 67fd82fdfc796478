import type { Scope } from '../../../src/policy/sentry/scopes.ts';

/** A scope or a rule of a recipe, and what the program needs it for. */
export interface Grant<Right extends string = string> {
  readonly right: Right;
  /** Ends the sentence "It …". */
  readonly why: string;
}

/** Rights that belong together. */
export interface Rights {
  readonly scopes?: readonly Grant<Scope>[];
  readonly allow?: readonly Grant[];
  /** Rules of clients with `projects` alone: nothing narrows these requests, so that they grant data of all projects. */
  readonly allowWithProjects?: readonly Grant[];
}

/** Something of a program that works with an alias token, and not with the recipe. */
export interface Missing {
  /** A command, a tool or a resource. */
  readonly what: string;
  /** The clients that lack it. */
  readonly as: 'all' | 'projects';
  readonly why: string;
}

/** A client program, and the rights that it needs. */
export interface Program {
  /** As `token --for` takes it; it is also the name of the client, unless there is another. */
  readonly name: string;
  /** Other names that users may write for it. */
  readonly otherNames?: readonly string[];
  readonly is: string;
  readonly rights: Rights;
  /** What `--write` adds. */
  readonly write?: Rights;
  readonly rate?: string;
  readonly concurrency?: number;
  /** How to send it to the proxy. */
  readonly settings: string;
  readonly missing: readonly Missing[];
}
