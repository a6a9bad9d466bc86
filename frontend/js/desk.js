// The officers' desk: papers large beside the answers, keys, and the seconds of 撤回. Only on the desk's pages.
{
  const one = (part, within = document) => within.querySelector(part);
  const all = (part, within = document) => [...within.querySelectorAll(part)];
  const LARGEST = 8;
  const STEP = 1.25;

  // What is shown in a view, and how.
  const make = (view) => {
    const state = { href: '', scale: 1, turns: 0, x: 0, y: 0 };
    const draw = () => {
      for (const part of all('img', view)) {
        part.style.transform = `translate(${state.x}px, ${state.y}px) rotate(${state.turns * 90}deg) scale(${state.scale})`;
      }
    };
    const zoom = (by, at) => {
      const next = Math.min(LARGEST, Math.max(1, state.scale * by));
      const grown = next / state.scale;
      // What lies under the pointer stays there.
      const box = view.getBoundingClientRect();
      const [dx, dy] = at ? [at.clientX - box.left - box.width / 2, at.clientY - box.top - box.height / 2] : [0, 0];
      state.x = next === 1 ? 0 : dx - (dx - state.x) * grown;
      state.y = next === 1 ? 0 : dy - (dy - state.y) * grown;
      state.scale = next;
      draw();
    };
    const reset = () => {
      Object.assign(state, { scale: 1, turns: 0, x: 0, y: 0 });
      draw();
    };
    const turn = () => {
      state.turns = (state.turns + 1) % 4;
      draw();
    };
    const show = (href, name, kind, before) => {
      Object.assign(state, { href, scale: 1, turns: 0, x: 0, y: 0 });
      const picture = (src, alt) => Object.assign(document.createElement('img'), { src, alt, draggable: false });
      if (kind === 'document') {
        view.replaceChildren(Object.assign(document.createElement('iframe'), { src: href, title: name }));
      } else if (before) {
        const after = picture(href, `变更后：${name}`);
        after.className = 'stage-after';
        view.replaceChildren(picture(before, `变更前：${name}`), after);
      } else {
        view.replaceChildren(picture(href, name));
      }
    };
    view.addEventListener('wheel', (event) => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, event);
    }, { passive: false });
    view.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      view.setPointerCapture(event.pointerId);
      const from = { x: event.clientX - state.x, y: event.clientY - state.y };
      const move = (moved) => {
        Object.assign(state, { x: moved.clientX - from.x, y: moved.clientY - from.y });
        draw();
      };
      view.addEventListener('pointermove', move);
      view.addEventListener('lostpointercapture', () => view.removeEventListener('pointermove', move), { once: true });
    });
    view.addEventListener('keydown', (event) => {
      const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
      const [dx, dy] = moves[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      state.x += dx;
      state.y += dy;
      draw();
    });
    return { view, state, show, zoom, reset, turn };
  };

  const stage = one('.stage');
  const papers = all('.paper');
  if (stage && papers.length) {
    const [first, second] = all('.stage-view', stage).map(make);
    const [name, slider] = [one('.stage-name', stage), one('.stage-slider', stage)];
    const tool = (act) => one(`[data-do="${act}"]`, stage);
    let at = -1;
    let isPair = false;
    let isCompared = false;
    // Which of the two views the next choice goes to.
    let active = first;

    const nameOf = (paper) => paper.dataset.name;
    const cut = () => {
      const after = one('.stage-after', first.view);
      if (after) after.style.clipPath = `inset(0 0 0 ${one('input', slider).value}%)`;
    };
    // Whoever comes to the page begins at its top.
    const mark = (paper, isFirst) => {
      for (const row of all('[data-proved]')) row.removeAttribute('data-proved');
      const proven = paper.dataset.proves.split(' ').filter(Boolean);
      const rows = proven.flatMap((place) => all(`.sheet-row[data-at="${place}"]`));
      for (const row of rows) row.setAttribute('data-proved', '');
      if (!isFirst) rows[0]?.scrollIntoView({ block: 'nearest' });
    };
    const choose = (number) => {
      const isFirst = at < 0;
      at = (number + papers.length) % papers.length;
      const paper = papers[at];
      const before = isCompared && active === first ? paper.dataset.before : '';
      for (const other of papers) other.removeAttribute('aria-current');
      paper.setAttribute('aria-current', 'true');
      if (!isFirst) paper.closest('li').scrollIntoView({ block: 'nearest', inline: 'nearest' });
      active.show(paper.href, nameOf(paper), paper.dataset.paper, before);
      name.textContent = `${nameOf(paper)}（${at + 1}/${papers.length}）`;
      tool('compare').hidden = !paper.dataset.before || isPair;
      slider.hidden = !before;
      cut();
      mark(paper, isFirst);
    };
    const press = (act, is) => tool(act).setAttribute('aria-pressed', String(is));
    const acts = {
      previous: () => choose(at - 1),
      next: () => choose(at + 1),
      larger: () => active.zoom(STEP),
      smaller: () => active.zoom(1 / STEP),
      turn: () => active.turn(),
      reset: () => active.reset(),
      pair: () => {
        isPair = !isPair;
        isCompared = false;
        press('pair', isPair);
        press('compare', false);
        second.view.hidden = !isPair;
        if (isPair) {
          active = second;
          choose(at + 1);
        } else {
          active = first;
          choose(at);
        }
      },
      compare: () => {
        isCompared = !isCompared;
        press('compare', isCompared);
        choose(at);
      },
    };
    globalThis.desk = { acts };
    for (const each of [first, second]) {
      each.view.addEventListener('focus', () => (active = isPair ? each : first));
      each.view.addEventListener('pointerdown', () => (active = isPair ? each : first), { capture: true });
    }
    stage.addEventListener('click', (event) => acts[event.target.closest('[data-do]')?.dataset.do]?.());
    one('input', slider).addEventListener('input', cut);
    document.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      const link = event.target.closest('a.paper, .answers a.thumb');
      const number = link ? papers.findIndex((paper) => paper.href === link.href) : -1;
      if (number < 0) return;
      event.preventDefault();
      choose(number);
    });
    choose(0);
  }

  // Every point of the list at once.
  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-confirm-all]')) return;
    for (const box of all('.sign-off input[type=checkbox]')) box.checked = true;
  });

  // The keys of access keys, without Alt, where the officer asked for them.
  const isTyping = (element) => element?.matches?.('input, textarea, select, [contenteditable]') && !element.matches('input[type=checkbox], input[type=range]');
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isTyping(event.target)) return;
    if (!one('[data-single-keys]')) return;
    const picture = { '[': 'previous', ']': 'next', '+': 'larger', '=': 'larger', '-': 'smaller', '.': 'turn', 0: 'reset' }[event.key];
    const act = picture && globalThis.desk?.acts[picture];
    const target = act || !/^[a-z]$/i.test(event.key) ? null : one(`[accesskey="${event.key.toLowerCase()}"]`);
    if (!act && !target) return;
    event.preventDefault();
    if (act) act();
    else if (target.matches('input, textarea, select')) target.focus();
    else target.click();
  });

  // What can be taken back goes with its time.
  const undo = one('.undo');
  if (undo) {
    const until = Date.now() + Number(undo.dataset.seconds) * 1000;
    const count = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) return one('.undo-left', undo).replaceChildren(String(left));
      clearInterval(count);
      // Who stands in it is led back to the page.
      if (undo.contains(document.activeElement)) document.getElementById('main')?.focus();
      return undo.remove();
    }, 250);
  }
}
