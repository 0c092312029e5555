import { describe, expect, test } from 'vitest';
import { type Arrival, type Newcomers, watchNewcomers } from '../../../src/keycloak/watch/newcomers.ts';
import { FakeRealm } from './fake-realm.ts';

const begin = (realm: FakeRealm): Promise<Newcomers> => watchNewcomers(realm.keycloak, () => {});
const ids = ({ newcomers }: Arrival) => newcomers.map(({ client }) => client.id).toSorted();

/** Looks so many times; what came, each time it came. */
async function looks(newcomers: Newcomers, times: number): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < times; at++) found.push(...ids(await newcomers.look()));
  return found;
}

const MINUTE = 60_000;

describe('by events', () => {
  test.each([-30 * MINUTE, -3 * MINUTE, 3 * MINUTE, 30 * MINUTE])(
    'the server’s clock may differ by %i ms from ours',
    async (skew) => {
      const realm = new FakeRealm();
      realm.now = Date.now() + skew;
      realm.register();
      const newcomers = await begin(realm);
      expect(await looks(newcomers, 1)).toEqual([]);
      realm.now += 1;
      const id = realm.register();
      expect(await looks(newcomers, 3)).toEqual([id]);
    },
  );

  test.each([true, false])(
    'several in the very millisecond of the last one before (ids: %s)',
    async (givesIds) => {
      const realm = new FakeRealm();
      realm.givesIds = givesIds;
      realm.register();
      const newcomers = await begin(realm);
      const wanted = [realm.register(), realm.register()];
      expect(await looks(newcomers, 1)).toEqual(wanted);
      const more = realm.register();
      expect(await looks(newcomers, 3)).toEqual([more]);
    },
  );

  test('none where nothing was ever stored', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    const id = realm.register();
    expect(await looks(newcomers, 2)).toEqual([id]);
  });

  test('more than a page between two looks, refused ones too', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    const wanted = Array.from({ length: 250 }, () => {
      realm.now += 1;
      realm.refuse();
      return realm.register();
    });
    const arrival = await newcomers.look();
    expect(ids(arrival)).toEqual(wanted);
    expect(arrival.refusals).toHaveLength(250);
    expect(await looks(newcomers, 2)).toEqual([]);
  });

  test('more than a page in one millisecond before the watch: none of them is news', async () => {
    const realm = new FakeRealm();
    for (let at = 0; at < 250; at++) realm.refuse();
    const newcomers = await begin(realm);
    expect((await newcomers.look()).refusals).toEqual([]);
    realm.refuse();
    expect((await newcomers.look()).refusals).toHaveLength(1);
  });

  test('one that is stored after a later one', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    const late = realm.register(realm.now + 2000);
    expect(await looks(newcomers, 1)).toEqual([late]);
    const earlier = realm.register(realm.now);
    expect(await looks(newcomers, 1)).toEqual([earlier]);
  });

  test('deleted meanwhile: who comes after that is seen', async () => {
    const realm = new FakeRealm();
    realm.register();
    const newcomers = await begin(realm);
    realm.events.splice(0);
    expect(await looks(newcomers, 1)).toEqual([]);
    realm.now += 1;
    const id = realm.register();
    expect(await looks(newcomers, 1)).toEqual([id]);
  });

  test('of a client that can’t be read at once: it is read at the next look', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    const id = realm.register();
    realm.away = true;
    await expect(newcomers.look()).rejects.toThrow('away');
    realm.away = false;
    expect(await looks(newcomers, 1)).toEqual([id]);
  });

  test('switched off meanwhile: that is told within ten seconds, and their number tells from then on', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    realm.stores.splice(0);
    let ended = 0;
    for (let at = 0; at < 40; at++) if ((await newcomers.look()).eventsEnded) ended += 1;
    expect(ended).toBe(1);
    const id = realm.register();
    expect(await looks(newcomers, 2)).toEqual([id]);
  });

  test('take no more requests to begin with in a large realm', async () => {
    const cost = async (clients: number) => {
      const realm = new FakeRealm();
      realm.clients.push(...Array.from({ length: clients }, (_, at) => `made-${at}`));
      await begin(realm);
      return realm.requests;
    };
    expect(await cost(10_000)).toBe(await cost(20));
  });

  test('of a client that is gone already', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    realm.remove(realm.register());
    expect(await looks(newcomers, 12)).toEqual([]);
  });

  test('says what it cost', async () => {
    const realm = new FakeRealm();
    const newcomers = await begin(realm);
    let said = 0;
    realm.requests = 0;
    for (let at = 0; at < 40; at++) {
      if (at % 7 === 0) realm.register();
      if (at === 20) for (let more = 0; more < 30; more++) realm.register();
      said += (await newcomers.look()).requests;
    }
    expect(said).toBeGreaterThanOrEqual(realm.requests);
    expect(said).toBeLessThanOrEqual(realm.requests + 5);
  });
});

describe('by counting', () => {
  test('newcomers are found by halving the list, not by reading it: forty requests at 10,000 clients', async () => {
    const realm = new FakeRealm();
    realm.stores = [];
    realm.clients.push(...Array.from({ length: 10_000 }, (_, at) => `made-${at}`));
    realm.clients.sort();
    const newcomers = await begin(realm);
    realm.requests = 0;
    const id = realm.register();
    expect(await looks(newcomers, 1)).toEqual([id]);
    expect(realm.requests).toBeLessThanOrEqual(40);
  });

  test('the next look finds it, after deletions at the one after that', async () => {
    const realm = new FakeRealm();
    realm.stores = [];
    const newcomers = await begin(realm);
    expect(newcomers.how).toBe('paging');
    const id = realm.register();
    expect(await looks(newcomers, 1)).toEqual([id]);
    realm.remove('broker');
    const other = realm.register();
    realm.remove(id);
    expect(await looks(newcomers, 2)).toEqual([other]);
  });

  test('one that came while another went is found all the same, if later', async () => {
    const realm = new FakeRealm();
    realm.stores = [];
    const newcomers = await begin(realm);
    realm.remove('broker');
    const id = realm.register();
    expect(await looks(newcomers, 240)).toEqual([id]);
  });
});
