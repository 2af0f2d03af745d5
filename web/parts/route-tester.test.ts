import { expect, test } from 'vitest';
import { headersOf } from './route-tester';

test('reads header fields parted by bars', () => {
  expect(headersOf('X-Version: 2 | Cookie: a=b:c|nothing')).toEqual([
    { name: 'X-Version', value: '2' },
    { name: 'Cookie', value: 'a=b:c' },
  ]);
  expect(headersOf('')).toEqual([]);
});
