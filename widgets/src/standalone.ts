// A saved page: the explorer with a model of its own and no kernel, and what Python has put beneath
// it. A picture of the state at saving stands in its place until the model has answered, and stays
// where it cannot.
import { type PageResponder, pageMaker } from './engine/page/responder';
import { Session } from './engine/session';
import { LocalModel } from './engine/store';
import { Explorer } from './explorer';
import { DocumentSupply, has, json } from './supply_document';
import { download } from './download';
import { mountTrust } from './trust/page';
import { snapshot } from './views/snapshot';
import type { Card } from './worker/protocol';

interface Saved {
  /** What a picture saved from here is called, without its ending. */
  name: string;
  traits: Record<string, unknown>;
  models: { key: string; card: Card }[];
}

/** What may stand beneath, by the name under which Python tells of it. */
const PARTS = { trust: mountTrust };

const host = document.getElementById('explorer')!, still = document.getElementById('still')!, notice = document.getElementById('notice')!;

function begin(): void {
  const { name, traits, models } = json<Saved>('state');
  const save = (format: 'svg' | 'pdf') => {
    if (format === 'pdf') window.print();
    else download(new Blob([snapshot(host.querySelector('.attnrec')!)], { type: 'image/svg+xml' }), `${name}.svg`);
  };
  const model = new LocalModel(traits), make = pageMaker(new DocumentSupply(models));
  let page: PageResponder | null = null;
  const session = new Session(model, { page: async (...options) => page = await make(...options), kernel: false, figure: save });
  const look = () => {
    notice.textContent = session.notice() ?? '';
    if (!session.answer()) return;
    stop();
    still.remove();
    new Explorer(session, host);
    for (const [name, mount] of Object.entries(PARTS)) if (has(name)) mount(json(name), document.getElementById(name)!, { model, session, page: page! });
  };
  const stop = session.onChange(look);
  look();
}

/** WebAssembly can be there and yet be forbidden. */
function obstacle(): string | null {
  if (typeof DecompressionStream === 'undefined') return 'this browser is too old for it';
  try {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); // the empty module
    return null;
  } catch {
    return 'WebAssembly, in which the model runs, is switched off here';
  }
}

const reason = obstacle();
try {
  if (reason === null) begin();
} catch (error) {
  notice.textContent = `The explorer cannot start (${error instanceof Error ? error.message : String(error)}). This is how it was left.`;
}
if (reason !== null) notice.textContent = `The explorer cannot start: ${reason}. This is how it was left.`;
