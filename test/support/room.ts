import type { Capacity } from '../../adapters/http1/listen/capacity.ts';
import { type Place, Room } from '../../adapters/http1/listen/room.ts';

const ENDLESS: Capacity = { descriptors: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/** The place of a connection that nothing drives out. */
export const placeInRoom = (): Place => new Room(ENDLESS, () => {}).enter(false, () => {});
