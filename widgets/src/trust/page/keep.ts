// Which items of a history are there, as a string: one character a position, oldest first, 1 where it is.

export type Keep = string;

export const whole = (n: number): Keep => '1'.repeat(n);

/** Without the first items of an order of positions from 0. */
export const without = (order: readonly number[], count: number): Keep => marks(order.length, order.slice(count));

/** With these alone. */
export const only = (order: readonly number[], count: number): Keep => marks(order.length, order.slice(0, count));

/** Without one position. */
export const lacking = (n: number, position: number): Keep => `${'1'.repeat(position)}0${'1'.repeat(n - position - 1)}`;

export const size = (keep: Keep): number => keep.split('1').length - 1;

function marks(n: number, positions: readonly number[]): Keep {
  const there = new Array<string>(n).fill('0');
  for (const position of positions) there[position] = '1';
  return there.join('');
}
