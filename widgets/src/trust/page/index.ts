// The trust panel of a saved page: what Python has worked out, and what the page works out itself.
import type { Beside } from './link';
import { PageLink } from './link';
import { TrustPanel } from '../panel';
import type { Told } from './told';

export function mountTrust(told: unknown, host: HTMLElement, beside: Beside): void {
  new TrustPanel(new PageLink(told as Told, beside).model, host);
}
