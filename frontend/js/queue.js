// The queue of the desk beside its wasm: ticks that outlive the rows they stand in, the way from row to row by arrow keys,
// and 速览. Only on the queue's page.
{
  const ROW = '#queue tr[data-row]';
  const OPEN = '.queue-open';
  const part = (id) => document.getElementById(id);
  const boxes = () => [...document.querySelectorAll(`${ROW} input[type=checkbox]:not(:disabled)`)];

  // Which filing is shown beside the queue, and how many were asked for.
  let shown = null;
  let asked = 0;

  const rows = () => [...document.querySelectorAll(ROW)];
  // The row is known by its id: it may have been drawn anew since.
  const rowOf = (id) => rows().find((row) => row.dataset.row === id);

  // Rows are drawn anew while one ticks: what was ticked is known by name.
  const ticked = new Set();
  const count = () => {
    const all = boxes();
    const here = all.filter((box) => ticked.has(box.name));
    const said = here.length > 0 ? `已选 ${here.length} 份` : '';
    // Saying the same again would be a change, and asked about again.
    if (part('ticked').textContent !== said) part('ticked').textContent = said;
    const whole = part('tick-all');
    whole.checked = all.length > 0 && here.length === all.length;
    whole.indeterminate = here.length > 0 && here.length < all.length;
  };
  const tick = (box) => {
    if (box.checked) ticked.add(box.name);
    else ticked.delete(box.name);
  };
  const restore = () => {
    const all = boxes();
    const names = new Set(all.map((box) => box.name));
    for (const name of ticked) if (!names.has(name)) ticked.delete(name);
    for (const box of all) box.checked = ticked.has(box.name);
    if (shown) rowOf(shown)?.setAttribute('data-peeked', '');
    count();
  };
  addEventListener('change', ({ target }) => {
    if (target.id === 'tick-all') {
      for (const box of boxes()) {
        box.checked = target.checked;
        tick(box);
      }
    } else if (target.matches(`${ROW} input[type=checkbox]`)) tick(target);
    else return;
    count();
  });

  const next = (row, step) => {
    const all = rows();
    return all[all.indexOf(row) + step];
  };

  const peek = part('peek');
  const close = () => {
    if (!shown) return;
    asked += 1;
    const row = rowOf(shown);
    shown = null;
    peek.close();
    peek.replaceChildren();
    row?.removeAttribute('data-peeked');
    row?.querySelector(OPEN)?.focus();
  };
  const button = () => {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'button button-small peek-close';
    element.textContent = '关闭速览';
    element.addEventListener('click', close);
    return element;
  };
  const show = async (row) => {
    const own = (asked += 1);
    const waiting = document.createElement('p');
    waiting.className = 'soft';
    waiting.textContent = '正在载入…';
    for (const other of rows()) other.toggleAttribute('data-peeked', other === row);
    shown = row.dataset.row;
    peek.replaceChildren(button(), waiting);
    if (!peek.open) peek.show();
    peek.focus();
    row.scrollIntoView({ block: 'nearest' });
    const answer = await fetch(row.querySelector('[data-peek]').dataset.peek, { headers: { accept: 'text/html' } }).catch(() => null);
    const text = answer?.ok ? await answer.text().catch(() => '') : '';
    // Overtaken by another row, or closed.
    if (own !== asked) return;
    const found = new DOMParser().parseFromString(text, 'text/html').getElementById('peeked');
    if (found) waiting.replaceWith(found);
    else waiting.textContent = '没有取到，请刷新页面后重试。';
  };

  addEventListener('click', ({ target }) => {
    const opener = target.closest?.('[data-peek]');
    if (opener) return show(opener.closest('tr'));
    // A row that is pointed at takes the keys, but for what can be pressed in it.
    const row = target.closest?.(ROW);
    if (!row || target.closest('a, button, input, label') || String(getSelection())) return undefined;
    row.tabIndex = -1;
    return row.focus({ preventScroll: true });
  });
  addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (key === 'Escape' && shown) {
      event.preventDefault();
      close();
      return;
    }
    const isInside = shown && peek.contains(target);
    const row = isInside ? rowOf(shown) : target.closest?.(ROW);
    if (!row) return;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      const other = next(row, key === 'ArrowDown' ? 1 : -1);
      if (!other) return;
      event.preventDefault();
      if (isInside) show(other);
      else other.querySelector(target.matches('input') ? 'input' : OPEN).focus();
    } else if (key === ' ' && (target === peek || (!isInside && target.matches('a, tr')))) {
      event.preventDefault();
      if (isInside) close();
      else show(row);
    }
  });

  if (part('queue') && part('batch')) {
    // What a browser had ticked when one came back.
    for (const box of boxes()) tick(box);
    restore();
    new MutationObserver(restore).observe(part('queue').parentElement, { childList: true, subtree: true });
  }
}
