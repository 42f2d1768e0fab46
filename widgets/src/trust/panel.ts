// The panel: one header, three tabs, and what each is told.
import type { AnyModel } from '../engine/store';
import { attributes, el, hide, setText, toggle } from '../dom';
import { score } from '../model/format';
import { asText, type Sentence } from '../model/sentence';
import { isDark, onTheme } from '../theme';
import { FlipLine } from './flip';
import { LieView } from './lie';
import type { Lie, NoLie } from './lie_model';
import { Measures } from './measures';
import { numbers } from './numbers';
import { RaceView } from './race';
import type { Race } from './race_model';
import { say } from './say';
import { tell } from './tell';
import type { Choice, Flip, Removal, Report, Tab } from './types';

const NARROW = 800, PAUSE = 400; // px; ms until a sentence is announced
const TABS: [Tab, string][] = [['measures', 'Measures'], ['race', 'Deletion race'], ['slider', 'Lying slider']];
const REMOVALS: [Removal, string, string][] = [
  ['drop', 'dropping', 'The sequence closes up'], ['mask', 'masking', 'Places stay, with nothing in them'],
];
const WATCHED = ['lens', 'removal', 'target', 'tab', '_report', '_race', '_lie', '_flip'].map(name => `change:${name}`);

let made = 0;

export class TrustPanel {
  readonly root = el('section', { class: 'attnrec trust', 'data-role': 'trust', 'aria-label': 'Should you believe it?', 'data-lm-suppress-shortcuts': 'true' });
  #says = el('p', { class: 'says', 'data-role': 'trust-sentence' });
  #live = el('div', { class: 'unseen', role: 'status' });
  #progress = el('div', { class: 'progress', role: 'progressbar', 'aria-label': 'Measuring' }, el('i', {}));
  #target = el('select', { 'data-role': 'target' });
  #removal = el('div', { class: 'tools', role: 'group', 'aria-label': 'Remove by' });
  #tabs = el('div', { class: 'tools', role: 'tablist', 'aria-label': 'View' });
  #subject = el('div', { class: 'subject' });
  #measures: Measures;
  #flip: FlipLine;
  #first = el('div', { class: 'first-tab', role: 'group', 'aria-label': 'Measures' });
  #race = new RaceView();
  #lie = new LieView();
  #told = el('div', { class: 'left', 'data-role': 'trust-foot' });
  #table = numbers('measures');
  #foot = el('footer', { class: 'foot' }, this.#told, el('div', { class: 'do' }, this.#table.button));
  #choices: string = '';
  #shown: Report | null = null;
  #queued = false;
  #timer = 0;
  #resize: ResizeObserver;
  #unwatch: () => void;

  constructor(private model: AnyModel, host: HTMLElement) {
    this.#measures = new Measures(`attnrec-trust-${made++}`, lens => this.#set('lens', lens));
    this.#flip = new FlipLine(wish => this.model.send({ type: wish }));
    for (const [tab, title] of TABS) {
      const button = this.#button(`tab-${tab}`, title, () => this.#set('tab', tab));
      attributes(button, { role: 'tab' });
      this.#tabs.append(button);
    }
    this.#tabs.addEventListener('keydown', event => this.#along(event));
    this.#removal.append(el('span', {}, 'Remove by'));
    for (const [removal, title, hint] of REMOVALS) {
      const button = this.#button(`removal-${removal}`, title, () => this.#set('removal', removal));
      button.title = hint;
      this.#removal.append(button);
    }
    this.#target.addEventListener('change', () => {
      const chosen = this.#report()?.choices[this.#target.selectedIndex - 1];
      this.#set('target', chosen ? chosen.id : null);
    });
    this.#subject.append(el('label', {}, 'Explained ', this.#target), this.#removal);
    this.#first.append(this.#measures.node, this.#flip.node);
    this.root.append(
      el('div', { class: 'trust-top' }, el('h3', {}, 'Should you believe it?'), this.#tabs), this.#subject, this.#says, this.#progress,
      this.#first, this.#race.node, this.#lie.node, this.#foot, this.#table.node, this.#live);
    host.classList.add('attnrec-host');
    host.append(this.root);
    // Notebook looks for its shortcuts from the focused element outward.
    this.root.addEventListener('focusin', event => (event.target as Element).setAttribute('data-lm-suppress-shortcuts', 'true'));
    this.#resize = new ResizeObserver(() => toggle(this.root, 'narrow', host.clientWidth < NARROW));
    this.#resize.observe(host);
    this.#unwatch = onTheme(() => this.#update());
    for (const event of WATCHED) model.on(event, this.#changed);
    this.#update();
  }

  dispose(): void {
    for (const event of WATCHED) this.model.off(event, this.#changed);
    this.#unwatch();
    this.#resize.disconnect();
    clearTimeout(this.#timer);
    this.#measures.dispose();
    this.#race.dispose();
    this.#lie.dispose();
    this.root.remove();
  }

  #button(role: string, text: string, act: () => void): HTMLButtonElement {
    const node = el('button', { type: 'button', 'data-role': role }, text);
    node.addEventListener('click', act);
    return node;
  }

  #set<K extends keyof Choice & string>(name: K, value: Choice[K]): void {
    this.model.set(name, value);
    this.model.save_changes();
    this.#update();
  }

  #along(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], tabs = [...this.#tabs.children] as HTMLElement[];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(event.target as HTMLElement) + step + tabs.length) % tabs.length]!;
    next.focus();
    next.click();
  }

  // One message from Python changes several traits, one event each.
  #changed = (): void => {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => { this.#queued = false; this.#update(); });
  };

  #report(): Report | null {
    const report = this.model.get('_report') as Report | undefined;
    return report && 'state' in report ? report : null;
  }

  #update(): void {
    const report = this.#report();
    if (!report) return;
    const get = (name: string) => this.model.get(name), tab = get('tab') as Tab, lens = get('lens') as string, removal = get('removal') as Removal;
    const ofThis = <T>(name: string): T | null => {
      const data = get(name) as { seq?: number };
      return data.seq === report.seq ? data as T : null;
    };
    const known = report.metrics.length > 0, empty = report.state === 'empty', alone = report.items.length < 2;
    attributes(this.root, {
      'data-state': report.state, 'data-seq': report.seq, 'data-tab': tab, 'data-theme': isDark() ? 'dark' : 'light', 'data-lens': lens, 'data-removal': removal,
    });
    for (const button of this.#tabs.children) {
      const on = button.getAttribute('data-role') === `tab-${tab}`;
      attributes(button, { 'aria-selected': String(on), tabindex: on ? 0 : -1 });
    }
    for (const button of this.#removal.querySelectorAll('button')) attributes(button, { 'aria-pressed': String(button.getAttribute('data-role') === `removal-${removal}`) });
    hide(this.#progress, report.state !== 'measuring');
    this.#say(tell(report, lens));
    hide(this.#subject, empty);
    hide(this.#first, tab !== 'measures' || empty || known && alone);
    hide(this.#race.node, tab !== 'race' || empty);
    hide(this.#lie.node, tab !== 'slider' || empty);
    hide(this.#flip.node, !known);
    this.#offer(report);
    this.#measures.update(report, lens);
    this.#flip.update(report, ofThis<Flip>('_flip'));
    if (known) {
      this.#race.update(report, ofThis<Race>('_race'));
      this.#lie.update(report, ofThis<Lie | NoLie>('_lie'));
    }
    setText(this.#told, report.foot);
    hide(this.#foot, !report.foot);
    hide(this.#table.button, tab !== 'measures' || !known || empty || alone);
    if (this.#table.button.hidden) hide(this.#table.node, true);
    else if (report !== this.#shown) this.#table.set(() => tables(report));
    this.#shown = report;
  }

  /** Drawn at once and announced after a pause, so that a quick hand is not read out; not if an explorer has said the same. */
  #say(sentence: Sentence): void {
    const text = asText(sentence);
    if (text === this.#says.textContent) return;
    say(this.#says, sentence);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      const said = [...document.querySelectorAll('[data-role=explorer] [data-role=sentence]')].some(node => node.textContent === text);
      if (!said) setText(this.#live, text);
    }, PAUSE);
  }

  /** What can be explained: the first recommendation, whichever it is, or one that is named. */
  #offer({ choices, target }: Report): void {
    const wanted = this.model.get('target'), at = wanted === null || wanted === undefined ? 0 : choices.findIndex(one => one.id === wanted) + 1;
    const drawn = JSON.stringify([choices.map(one => one.title), target?.title]);
    if (drawn !== this.#choices) {
      this.#choices = drawn;
      const first = choices[0] ? `the first: ${choices[0].title}` : 'the first recommendation';
      this.#target.replaceChildren(el('option', {}, first), ...choices.map((one, i) => el('option', {}, `${i + 1}. ${one.title}`)));
    }
    if (this.#target.selectedIndex !== at) this.#target.selectedIndex = at;
  }
}

/** Every number of the measures, and of the explanations that they measure. */
function tables({ methods, metrics, rows, values, cells, band, items }: Report) {
  const known = methods.filter(method => method.values), told = (value: number | null | undefined): string => (typeof value === 'number' ? score(value, 6) : '');
  return [
    {
      caption: 'Explanations by measures', head: ['', ...metrics.map(metric => metric.label)],
      rows: [
        ...rows.map((row, r) => [methods.find(method => method.name === row)?.label ?? row, ...metrics.map(({ name }, i) => cells[row]?.[name] ?? told(values[r]![i]))]),
        ...(['2.5% of random', '97.5% of random'] as const).map((label, end) => [label, ...metrics.map((_, i) => told(band[end]![i]))]),
      ],
    },
    { caption: 'Their values', head: ['position', 'title', ...known.map(method => method.label)], rows: items.map(({ position, title }, i) => [position, title, ...known.map(method => told(method.values![i]))]) },
  ];
}
