// Light or dark: what the notebook says, else what the system prefers.

export function isDark(): boolean {
  const { body, documentElement: html } = document;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === 'false';
  if (body.classList.contains('vscode-dark') || body.classList.contains('vscode-high-contrast')) return true;
  if (body.classList.contains('vscode-light')) return false;
  const named = html.getAttribute('theme') ?? html.dataset.theme;
  if (named === 'dark' || named === 'light') return named === 'dark';
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Calls back when it may have changed; returns how to stop. */
export function onTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener), query = matchMedia('(prefers-color-scheme: dark)');
  for (const node of [document.body, document.documentElement]) observer.observe(node, { attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name', 'class', 'theme', 'data-theme'] });
  query.addEventListener('change', listener);
  return () => { observer.disconnect(); query.removeEventListener('change', listener); };
}
