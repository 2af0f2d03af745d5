import { expect, test } from 'vitest';
import { point } from '../dev/data.mjs';
import type { Point } from './generated';
import { extend } from './series';

const START = Date.parse('2026-11-24T00:00:00Z');
const at = (second: number) => point(START + second * 1000) as Point;

test('adds what is newer and forgets what is too old', () => {
  const window = [at(0), at(1), at(2)];
  const longer = extend(window, [at(2), at(3)], 3);
  expect(longer.map((each) => each.at)).toEqual([at(1).at, at(2).at, at(3).at]);
});

test('is the same window where nothing is new', () => {
  const window = [at(0), at(1)];
  expect(extend(window, [at(1)], 900)).toBe(window);
});
