import { expect, test } from 'vitest';
import { ago, bytes, exact, millis, nanos, percent, rate, short } from './numbers';

test('abbreviates with three digits', () => {
  expect([0, 7, 999, 999.6, 12_437, 1_500_000].map(short)).toEqual([
    '0',
    '7',
    '999',
    '1.00 k',
    '12.4 k',
    '1.50 M',
  ]);
  expect(short(Number.NaN)).toBe('–');
});

test('keeps the exact value for hovering', () => {
  expect(exact(12_437)).toBe('12,437');
});

test('says the unit', () => {
  expect(rate(12_437)).toBe('12.4 k/s');
  expect(bytes(1_480)).toBe('1.48 kB');
  expect(millis(0.02)).toBe('20.0 µs');
  expect(millis(38.4)).toBe('38.4 ms');
  expect(millis(1300)).toBe('1.30 s');
  expect(millis(null)).toBe('–');
  expect(nanos(4_100_000)).toBe('4.10 ms');
  expect(percent(0.0003)).toBe('<0.1 %');
  expect(ago(125_000)).toBe('2 min ago');
});
