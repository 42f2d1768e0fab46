// Numbers and counts as people read them.
import type { Label, Normalisation } from '../types';

/** A share: two digits from ten per cent, one decimal below. */
export const percent = (w: number): string => (w >= .0995 ? `${Math.round(w * 100)}%` : `${(w * 100).toFixed(1)}%`);

/** Attention, as a share where rows sum to one and as a plain number where they do not. */
export const weight = (w: number, normalisation: Normalisation): string =>
  normalisation === 'softmax' ? percent(w) : minus(Math.abs(w) >= 9.995 ? w.toFixed(0) : w.toFixed(2));

/** A typographic minus, so that columns align and lines do not break after it; zero has none. */
export const minus = (text: string): string => text.replace('-', /[1-9]/.test(text) ? '−' : '');

/** Decimals enough to tell the scores of a list apart: two, or more for close scores. */
export function decimals(scores: readonly number[]): number {
  const finite = scores.filter(Number.isFinite);
  const range = finite.length ? Math.max(...finite) - Math.min(...finite) : 0;
  return range > 0 ? Math.min(5, Math.max(Math.abs(finite[0]!) >= 1000 ? 0 : 2, Math.ceil(Math.log10(20 / range)))) : 2;
}

export const score = (value: number, digits = 2): string => minus(value.toFixed(digits));

/** An effect with its sign, which a negligible one that rounds to zero has not. */
export function effect(value: number, digits: number, negligible: number): string {
  const size = Math.abs(value).toFixed(digits), none = Number(size) === 0 && Math.abs(value) <= negligible;
  return `${none ? '' : value < 0 ? '−' : '+'}${size}`;
}

const grouped = new Intl.NumberFormat('en'); // made once: making one costs more than all else here
export const thousands = (n: number): string => (n < 1000 ? String(n) : grouped.format(n));

export const count = (n: number, words: { item: string; items: string }): string => `${thousands(n)} ${n === 1 ? words.item : words.items}`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const article = (noun: string): string => (/^[aeiou]/i.test(noun) ? 'an' : 'a');

export const full = ({ title, detail }: Label): string => (detail ? `${title} (${detail})` : title);
