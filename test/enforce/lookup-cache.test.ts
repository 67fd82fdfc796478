import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CachedLookups } from '../../src/enforce/lookups/cached-lookups.ts';
import { ClientLookups } from '../../src/enforce/lookups/client-lookups.ts';
import { LookupFailed, type Lookups } from '../../src/enforce/lookups/types.ts';

/** Lookups over a Sentry that answers what it is told to, on a clock that is set by hand. */
function setUp(answer: (path: string) => unknown, bounds: ConstructorParameters<typeof CachedLookups>[2] = {}) {
  const asked: string[] = [];
  const clock = { now: 0 };
  const lookups = new CachedLookups(
    async (path) => {
      asked.push(path);
      const json = await answer(path);
      return json === undefined ? { status: 404, json } : { status: 200, json };
    },
    () => clock.now,
    bounds,
  );
  return { lookups, asked, clock };
}

const WEB = { id: '11', slug: 'web' };

const projectOfIssue = async (lookups: Lookups, id: string) =>
  (await lookups.projectsOf('acme', { kind: 'issue', id }))?.[0];

describe('lookups', () => {
  it('ask once for what is asked at the same time', async () => {
    const { lookups, asked } = setUp(() => WEB);
    const all = await Promise.all(Array.from({ length: 20 }, () => lookups.project('acme', 'web')));
    assert.ok(all.every((project) => project?.id === '11'));
    assert.deepEqual(asked, ['/api/0/projects/acme/web/']);
  });

  it('keep a project for ten minutes, its absence for five seconds, an issue for one minute, a release not at all', async () => {
    const { lookups, asked, clock } = setUp((path) => {
      if (path.includes('/issues/')) return { project: WEB };
      return path.includes('/releases/') ? { projects: [WEB] } : path.includes('web') ? WEB : undefined;
    });
    const askAll = async () => {
      await lookups.project('acme', 'web');
      await projectOfIssue(lookups, '4711');
      await lookups.project('acme', 'gone');
      await lookups.projectsOf('acme', { kind: 'release', id: '1.0' });
    };
    const askedAt = async (now: number) => {
      clock.now = now;
      asked.length = 0;
      await askAll();
      return asked.map(
        (path) => path.split('/')[path.includes('gone') ? 5 : 3 + (path.includes('organizations') ? 2 : 0)],
      );
    };
    assert.deepEqual(await askedAt(0), ['projects', 'issues', 'gone', 'releases']);
    assert.deepEqual(await askedAt(4999), ['releases']);
    assert.deepEqual(await askedAt(5000), ['gone', 'releases']);
    assert.deepEqual(await askedAt(60_000), ['issues', 'gone', 'releases']);
    assert.deepEqual(await askedAt(600_000), ['projects', 'issues', 'gone', 'releases']);
  });

  it('keep an answer no longer for being read again', async () => {
    const { lookups, asked, clock } = setUp(() => ({ project: WEB }));
    for (let second = 0; second <= 60; second++) {
      clock.now = second * 1000;
      await projectOfIssue(lookups, '4711');
    }
    assert.equal(asked.length, 2);
  });

  it("request another project's issue and a missing one at the same times, so that no refusal reveals which", async () => {
    const { lookups, asked, clock } = setUp((path) => (path.includes('/4711/') ? { project: WEB } : undefined));
    const askedFor = async (issueId: string): Promise<number[]> => {
      const times: number[] = [];
      for (let second = 0; second < 400; second++) {
        clock.now = second * 1000;
        asked.length = 0;
        await projectOfIssue(lookups, issueId);
        if (asked.length > 0) times.push(second);
      }
      return times;
    };
    assert.deepEqual(await askedFor('4711'), await askedFor('4712'));
  });

  it('keep only so many answers', async () => {
    const { lookups, asked } = setUp(() => ({ project: WEB }), { entries: 2 });
    for (const id of ['1', '2', '3', '3', '2', '1']) await projectOfIssue(lookups, id);
    assert.equal(asked.length, 4);
  });

  it('fail at once when too many are running', async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { lookups } = setUp(() => gate.then(() => ({ project: WEB })), { atATime: 2 });
    const underWay = ['1', '2'].map((id) => projectOfIssue(lookups, id));
    await assert.rejects(projectOfIssue(lookups, '3'), LookupFailed);
    go();
    await Promise.all(underWay);
    assert.deepEqual(await projectOfIssue(lookups, '3'), WEB);
  });

  it('fail, and are asked again, if Sentry does not answer or makes no sense', async () => {
    const answers: unknown[] = [
      Promise.reject(new Error('connection reset')),
      {},
      { project: { id: 'x', slug: 'web' } },
      { project: { id: '11' } },
      null,
      [],
      { project: WEB },
    ];
    const { lookups } = setUp(() => answers.shift());
    for (let left = answers.length; left > 1; left--) {
      await assert.rejects(projectOfIssue(lookups, '4711'), LookupFailed);
    }
    assert.deepEqual(await projectOfIssue(lookups, '4711'), WEB);
  });

  it('take an old slug, which redirects, for absent', async () => {
    const lookups = new CachedLookups(
      async () => ({ status: 302, json: { slug: 'new' } }),
      () => 0,
    );
    assert.equal(await lookups.project('acme', 'old'), undefined);
  });

  it('encode what they put into a path, and ask for nothing else than they mean', async () => {
    const { lookups, asked } = setUp(() => ({ projects: [WEB], project: WEB, ...WEB }));
    await lookups.projectsOf('acme', { kind: 'release', id: 'web@1.0+5?a#b;c é' });
    assert.deepEqual(asked, ['/api/0/organizations/acme/releases/web%401.0%2B5%3Fa%23b%3Bc%20%C3%A9/']);
    asked.length = 0;
    for (const version of ['stats', '..', '.', '', 'a/b', 'a\\b', 'a\nb', '%2e', '\ud800']) {
      assert.equal(await lookups.projectsOf('acme', { kind: 'release', id: version }), undefined, version);
    }
    for (const issueId of ['..', '', 'x', '1/../../x']) {
      assert.equal(await projectOfIssue(lookups, issueId), undefined, issueId);
    }
    for (const org of ['..', '', 'a/b', 'a.b']) assert.equal(await lookups.project(org, 'web'), undefined, org);
    assert.deepEqual(asked, []);
  });
});

const LIVE = new AbortController().signal;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("a client's share of the lookups", () => {
  it('does not make others wait for a lookup that has not begun', async () => {
    const gate = Promise.withResolvers<void>();
    const { lookups, asked } = setUp(async (path) => {
      if (!path.includes('/issues/')) return WEB;
      await gate.promise;
      return { project: WEB };
    });
    const greedy = new ClientLookups(lookups, 1).of(LIVE);
    const other = new ClientLookups(lookups, 1).of(LIVE);
    const [long, queued] = [projectOfIssue(greedy, '1'), greedy.project('acme', 'web')];
    assert.deepEqual(await other.project('acme', 'web'), WEB);
    gate.resolve();
    assert.deepEqual(await Promise.all([long, queued]), [WEB, WEB]);
    assert.equal(asked.length, 3, 'each client learns for itself');
  });

  it('keeps its answers, even if another client asks for many', async () => {
    const { lookups, asked } = setUp((path) => (path.includes('/issues/') ? { project: WEB } : WEB));
    const [greedy, other] = [new ClientLookups(lookups, 8).of(LIVE), new ClientLookups(lookups, 8).of(LIVE)];
    await other.project('acme', 'web');
    await projectOfIssue(other, '1');
    for (let issue = 0; issue < 10_001; issue++) await projectOfIssue(greedy, String(100 + issue));
    asked.length = 0;
    await other.project('acme', 'web');
    await projectOfIssue(other, '1');
    assert.deepEqual(asked, []);
  });

  it('does not tell by its time what another one has asked for', async () => {
    const { lookups, asked } = setUp(() => ({ project: WEB }));
    const [one, other] = [new ClientLookups(lookups, 8).of(LIVE), new ClientLookups(lookups, 8).of(LIVE)];
    await projectOfIssue(one, '1');
    await projectOfIssue(other, '1');
    assert.equal(asked.length, 2);
  });

  it('asks nothing for a request that ended while it waited', async () => {
    const gate = Promise.withResolvers<void>();
    const { lookups, asked } = setUp(() => gate.promise.then(() => ({ project: WEB })));
    const own = new ClientLookups(lookups, 1);
    const first = projectOfIssue(own.of(LIVE), '1');
    const gone = new AbortController();
    const waiting = ['2', '3', '4'].map((id) => projectOfIssue(own.of(gone.signal), id));
    const last = projectOfIssue(own.of(LIVE), '5');
    gone.abort(new Error('the client is gone'));
    gate.resolve();
    for (const look of waiting) await assert.rejects(look, /the client is gone/);
    assert.deepEqual(await Promise.all([first, last]), [WEB, WEB]);
    assert.equal(asked.length, 2);
  });

  it('has room again as soon as the requests that waited have ended', async () => {
    const gate = Promise.withResolvers<void>();
    const { lookups } = setUp(() => gate.promise.then(() => ({ project: WEB })));
    const own = new ClientLookups(lookups, 1);
    const first = projectOfIssue(own.of(LIVE), '1');
    const gone = new AbortController();
    const waiting = Array.from({ length: 64 }, (_, i) => projectOfIssue(own.of(gone.signal), String(100 + i)));
    const outcomes = Promise.allSettled(waiting);
    gone.abort(new Error('the client is gone'));
    const last = projectOfIssue(own.of(LIVE), '2');
    assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
    gate.resolve();
    assert.deepEqual(await Promise.all([first, last]), [WEB, WEB]);
  });

  it('leaves the others theirs: further ones wait for their turn, and too many are refused', async () => {
    const gates: (() => void)[] = [];
    const { lookups, asked } = setUp(async (path) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return path.includes('/issues/') ? { project: WEB } : WEB;
    });
    const greedy = new ClientLookups(lookups, 8).of(LIVE);
    const other = new ClientLookups(lookups, 8).of(LIVE);
    const many = Array.from({ length: 80 }, (_, issue) => projectOfIssue(greedy, String(1000 + issue)));
    const outcomes = Promise.allSettled(many);
    const one = other.project('acme', 'web');
    await nextTurn();
    assert.equal(asked.length, 9, 'eight of the greedy one, and one of the other');
    while (gates.length > 0) {
      gates.shift()!();
      await nextTurn();
    }
    assert.equal((await one)?.id, '11');
    const refused = (await outcomes).filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 80 - 8 - 64);
  });
});
