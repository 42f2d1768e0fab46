// A toy model behind the traits, for looking at the front end without a kernel. Its numbers mean
// nothing: a small deterministic attention over invented vectors, with the titles of well-known films.
const FILMS = `The Shawshank Redemption|1994;Star Wars: Episode V – The Empire Strikes Back|1980;Toy Story|1995;The Usual Suspects|1995;Blade Runner|1982;Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb|1964;The Silence of the Lambs|1991;Alien|1979;The Princess Bride|1987;Goodfellas|1990;2001: A Space Odyssey|1968;Monty Python and the Holy Grail|1975;Seven|1995;Pulp Fiction|1994;Being John Malkovich|1999;The Matrix|1999;Chinatown|1974;Fargo|1996;L.A. Confidential|1997;Reservoir Dogs|1992;Trainspotting|1996;The Big Lebowski|1998;Raising Arizona|1987;Blood Simple|1984;Memento|2000;Fight Club|1999;Vertigo|1958;Rear Window|1954;Psycho|1960;North by Northwest|1959;Double Indemnity|1944;The Maltese Falcon|1941;The Third Man|1949;Touch of Evil|1958;Taxi Driver|1976;The Godfather|1972;Casablanca|1942;Citizen Kane|1941;Aliens|1986;Brazil|1985;Twelve Monkeys|1995;Gattaca|1997;Ghostbusters|1984;Airplane!|1980;Annie Hall|1977;Rushmore|1998;American Beauty|1999;Heat|1995;Jaws|1975;Run Lola Run|1998`
  .split(';').map((line, id) => { const [title, detail] = line.split('|'); return { id, title, detail }; });

const random = seed => () => { seed = (seed * 1664525 + 1013904223) >>> 0; return seed / 4294967296; };
const NAMES = ['SASRec', 'BERT4Rec'];
const DIM = 8, SIZE = DIM + 2; // a head's vectors also hold recency and salience
const dot = (a, b) => a.reduce((s, x, i) => s + x * b[i], 0);

export function toyModel({ films = FILMS.length, length = 18, layers = 2, heads = 4, panels = 1, normalisation = 'softmax', attention = true, heldOut = true, dates = true, delay = 5, view = 'ribbons', hostile = false, notice = null, limit = null, slow = 5, lens = null, measure = 250 } = {}) {
  const catalogue = Array.from({ length: Math.max(films, length > FILMS.length - 20 ? length + 40 : FILMS.length) }, (_, i) => (FILMS[i] ? { ...FILMS[i] } : { id: i, title: `${FILMS[i % FILMS.length].title} ${1 + Math.floor(i / FILMS.length)}`, detail: FILMS[i % FILMS.length].detail }));
  if (hostile) {
    catalogue[3].title = '<img src=x onerror=alert(1)>';
    catalogue[5].title = 'A very long title '.repeat(28);
    catalogue[8].title = 'ספר הג׳ונגל (1967) The Jungle Book';
    catalogue[9].title = 'مملكة السماء';
    catalogue[19].title = '<b>bold</b> & "quoted"';
  }
  const vectors = catalogue.map((_, i) => { const r = random(i * 7919 + 13); for (let k = 0; k < 5; k++) r(); return Array.from({ length: DIM }, () => r() + r() - 1); });
  const salience = catalogue.map((_, i) => ({ 13: 1.6, 17: 1, 0: .8, 15: .6 })[i] ?? random(i + 3)() * .5);
  const start = catalogue.slice(0, length).map(f => f.id);
  const state = { history: start, now: null, layer: null, head: null, query: null, topn: 10, view, allow_removed: false, _past: [], _future: [], _start: start, _bases: [start], _page: false, _seq: 0, _search: {}, _matches: {}, _answer: {}, _lens: {} };
  const day = i => ['3 Nov', '4 Nov', '29 Dec', '2 Jan'][Math.floor(i / 6)] ?? '3 Jan', held = length > 21 ? length + 3 : 21;
  state._setup = {
    engine: 'kernel', notice, words: { item: 'film', items: 'films', acted: 'watched' }, filter_seen: true, held_out: heldOut ? held : null,
    sources: Array.from({ length: panels }, (_, k) => ({ name: NAMES[k], key: `toy ${k}`, limit, catalogue_size: catalogue.length })),
    dates: dates ? start.map((id, i) => [id, day(i)]) : [], foot: 'Specimen figures, toy model, not a trained one · development page', labels: start.map(id => catalogue[id]),
  };
  const listeners = new Map();
  const emit = name => { for (const f of listeners.get(name) ?? []) f(); };

  /** Queries, keys and values of one head. */
  function project(ids, model, l, h) {
    const r = random(model * 1000 + l * 10 + h + 5), sharp = 1 + 4 * r(), recent = .14 * r() * (l ? .5 : 2.5), salient = 2 * r(), root = Math.sqrt(SIZE);
    return {
      queries: ids.map(id => [...vectors[id].map(v => v * sharp * root * .35), recent * root, salient * root]),
      keys: ids.map((id, j) => [...vectors[id], j - ids.length, salience[id]]),
      values: ids.map(id => [...vectors[id].map((v, d) => v * (1 + .5 * Math.sin(d + h))), .3 * salience[id], .1]),
    };
  }
  function maps(ids, model) {
    const out = [];
    for (let l = 0; l < layers; l++) for (let h = 0; h < heads; h++) {
      const { queries, keys } = project(ids, model, l, h);
      out.push(ids.map((_, i) => {
        const z = ids.map((__, j) => (j > i ? 0 : Math.exp(dot(queries[i], keys[j]) / Math.sqrt(SIZE))));
        const s = normalisation === 'softmax' ? z.reduce((a, b) => a + b, 0) : 6;
        return z.map(v => (normalisation === 'gate' ? v / (v + s) : v / s));
      }));
    }
    return out;
  }
  function rank(ids, attended, model, out) {
    const taste = Array.from({ length: DIM }, (_, d) => ids.reduce((s, id, i) => s + attended[i] * vectors[id][d], 0));
    return catalogue.filter(f => !out.has(f.id)).map(f => ({ id: f.id, score: 4.5 + 3.2 * dot(taste, vectors[f.id]) + salience[f.id] + .3 * model })).sort((a, b) => b.score - a.score).map((r, i) => ({ ...r, rank: i + 1 }));
  }
  const meanOf = (all, ids, l) => ids.map((_, i) => ids.map((__, j) => { let s = 0; for (let h = 0; h < heads; h++) s += all[l * heads + h][i][j]; return s / heads; }));
  const leftOut = history => new Set(state.allow_removed ? history : [...history, ...start]);
  /** The ranking that a history would have. */
  function ranked(history, model) {
    const all = attention ? maps(history, model) : [];
    const attended = attention && history.length ? meanOf(all, history, layers - 1)[history.length - 1] : history.map((_, i) => .8 ** (history.length - 1 - i));
    return rank(history, attended, model, leftOut(history));
  }
  const best = all => (all.length ? all.slice(0, state.topn) : []), heldIn = all => (heldOut ? all.find(r => r.id === held) ?? null : null);
  function panel(model) {
    const n = state.history.length, now = state.now ?? n, query = Math.min(state.query ?? now, now), ids = state.history.slice(0, now);
    const all = attention ? maps(ids, model) : [], mean = l => meanOf(all, ids, l);
    const layer = state.layer ?? layers, map = attention ? (state.head === null ? mean(layer - 1) : all[(layer - 1) * heads + state.head - 1]) : null;
    const list = rank(ids, attention && now ? mean(layers - 1)[now - 1] : ids.map((_, i) => .8 ** (now - 1 - i)), model, leftOut(state.history));
    const row = new Float32Array(n), s = Math.min(24, now), thumbs = new Uint8Array(layers * (heads + 1) * s * s), full = new Float32Array(n * n);
    if (map && now) map[query - 1].forEach((w, j) => { row[j] = w; });
    if (map) map.forEach((r, i) => r.forEach((w, j) => { full[i * n + j] = w; }));
    for (let l = 0; l < layers && attention; l++) for (let h = 0; h <= heads; h++) {
      const m = h === heads ? mean(l) : all[l * heads + h];
      for (let i = 0; i < s; i++) for (let j = 0; j < s; j++) thumbs[((l * (heads + 1) + h) * s + i) * s + j] = 255 * Math.sqrt(m[Math.floor(i * now / s)][Math.floor(j * now / s)]);
    }
    const view = a => new DataView(a.buffer);
    return {
      name: NAMES[model], catalogue_size: catalogue.length, layers: attention ? layers : 0, heads: attention ? heads : 0, normalisation, map_names: Array.from({ length: attention ? layers : 0 }, (_, l) => `block ${l + 1}, self-attention`),
      row: attention ? view(row) : null, matrix: attention && state.view === 'matrix' ? view(full) : null, thumbs: attention && now ? view(thumbs) : null, thumb_size: s,
      recommendations: n ? best(list) : [], held_out: n ? heldIn(list) : null,
    };
  }
  function answer() {
    const n = state.history.length, now = state.now ?? n, all = Array.from({ length: panels }, (_, k) => panel(k));
    const ids = new Set([...state.history, ...all.flatMap(p => [...p.recommendations, ...(p.held_out ? [p.held_out] : [])].map(r => r.id))]);
    return {
      seq: state._seq, error: null, shown: { history: state.history, now, layer: state.layer ?? layers, head: state.head, query: Math.min(state.query ?? now, now), topn: state.topn, view: state.view },
      labels: [...ids].map(id => ({ id, title: catalogue[id].title, detail: catalogue[id].detail })),
      panels: all,
    };
  }
  /** What a trust panel would tell: what the first recommendation's score loses without each, and the widths of a method. */
  function explain(name) {
    const seen = state.history.slice(0, state.now ?? state.history.length), all = ranked(seen, 0);
    if (!all.length) return {};
    const [{ id, score }] = all, after = ids => (ids.length ? ranked(ids, 0).find(r => r.id === id).score : 0);
    const effects = seen.map((_, i) => score - after(seen.filter((__, j) => j !== i)));
    const recent = seen.map((_, i) => .8 ** (seen.length - 1 - i));
    const values = { attention: null, 'leave-one-out': effects, recency: recent }[name];
    return { history: seen, name, target: { id, title: catalogue[id].title }, removal: 'drop', values, signed: name === 'leave-one-out', effects, negligible: .01 };
  }
  /** What the kernel replies to a message: its content and its buffers. */
  const replies = {
    previews: ({ seq, positions }) => {
      const now = state.now ?? state.history.length, mentioned = new Set();
      const previews = positions.map(position => {
        const history = state.history.slice(0, now).filter((_, i) => i !== position - 1);
        return { position, panels: Array.from({ length: panels }, (_, k) => {
          const all = ranked(history, k);
          const recommendations = best(all), kept = new Set(recommendations.map(r => r.id)), before = panel(k).recommendations;
          for (const { id } of recommendations) mentioned.add(id);
          return { recommendations, fallen: all.filter(r => !kept.has(r.id) && before.some(b => b.id === r.id)), held_out: heldIn(all) };
        }) };
      });
      return [{ seq, previews, labels: [...mentioned].map(id => catalogue[id]) }];
    },
    weighing: ({ seq, panel, layer, head }) => {
      const { queries, keys, values } = project(state.history.slice(0, state.now ?? state.history.length), panel, layer - 1, head - 1);
      return [{ seq, panel, layer, head, size: SIZE, first: 1 }, [queries, keys, values].map(rows => new DataView(Float32Array.from(rows.flat()).buffer))];
    },
    figure: () => [{ error: 'The development page draws no figures.' }],
  };
  const model = {
    state, catalogue, answer, explain,
    get: name => state[name],
    set: (name, value) => { if (JSON.stringify(state[name]) !== JSON.stringify(value)) { state[name] = value; emit(`change:${name}`); } },
    save_changes: () => { const asked = { seq: state._seq, search: state._search.seq }; setTimeout(() => model.work(asked), model.delay); },
    work: asked => {
      if (state._search.seq === asked.search && state._matches.seq !== asked.search && asked.search) {
        const text = state._search.text.toLowerCase();
        state._matches = { seq: asked.search, text: state._search.text, matches: catalogue.filter(f => f.title.toLowerCase().includes(text) && !state.history.includes(f.id)).slice(0, 20) };
        emit('change:_matches');
      }
      if (asked.seq === state._seq && !model.silent) model.push();
    },
    push: () => { state._answer = model.broken ? { ...state._answer, seq: state._seq, error: model.broken } : answer(); emit('change:_answer'); if (model.lens) setTimeout(() => model.set('_lens', explain(model.lens)), measure); },
    send: ({ id, type, ...content }) => setTimeout(() => {
      const [reply, buffers = []] = replies[type]?.(content) ?? [{ error: `no ${type} here` }];
      for (const f of listeners.get('msg:custom') ?? []) f({ ...reply, type, id }, buffers);
    }, slow),
    fire: emit,
    on: (name, f) => { listeners.set(name, [...(listeners.get(name) ?? []), f]); },
    off: (name, f) => { listeners.set(name, (listeners.get(name) ?? []).filter(g => g !== f)); },
    delay, lens, silent: false, broken: '',
  };
  return model;
}
