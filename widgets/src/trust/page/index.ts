// The trust panel of a saved page: what Python has worked out, and what the page works out itself.
import { TrustPanel } from '../panel';
import { type Beside, PageLink } from './link';
import type { Told } from './told';

export function mountTrust(told: unknown, host: HTMLElement, beside: Beside): void {
  new TrustPanel(new PageLink(told as Told, beside).model, host);
}
