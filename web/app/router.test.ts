import { beforeEach, expect, test } from 'vitest';
import { linkTo, match, navigate } from './router';

beforeEach(() => navigate('/', 'replace'));

test('matches a pattern with its parameters', () => {
  expect(match('/calls/:call', '/calls/05x9k2m4n6p8q')).toEqual({ call: '05x9k2m4n6p8q' });
  expect(match('/calls', '/calls/05x9k2m4n6p8q')).toBeNull();
  expect(match('/', '/')).toEqual({});
  expect(match('/', '/calls')).toBeNull();
});

test('takes filters along and leaves the state of a page behind', () => {
  navigate('/calls?status=5xx&mode=history&window=300');
  expect(linkTo('/shield')).toBe('/shield?status=5xx&window=300');
  expect(linkTo('/calls', { source: '198.18.0.7' })).toBe(
    '/calls?source=198.18.0.7&status=5xx&window=300',
  );
});
