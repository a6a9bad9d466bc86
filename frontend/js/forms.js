// What forms do beside their wasm: proposals, masked values, help. Proposals below a line of text with `data-finds`, by the ARIA Authoring Practices (combobox, list autocomplete with
// manual selection): the focus stays in the line, nothing is chosen but by the person, Escape closes the list. What is
// chosen is told by the event `chosen`; the form takes it from there. Only on pages whose wasm is there.
{
  const REST = 200;
  let line = null;
  let list = null;
  let said = null;
  let hits = [];
  let active = -1;
  // Grows with every key, so that a late answer is known.
  let keys = 0;

  const isFor = (element) => element instanceof HTMLInputElement && element.dataset.finds !== undefined && 'hydrated' in document.body.dataset;
  const make = (tag, attributes, ...inner) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inner);
    return element;
  };
  const say = (text) => {
    if (!said) document.body.append((said = make('span', { class: 'visually-hidden', role: 'status' })));
    said.textContent = text;
  };

  const mark = (number) => {
    active = number;
    [...list.children].forEach((option, at) => option.setAttribute('aria-selected', String(at === active)));
    if (active < 0) return line.removeAttribute('aria-activedescendant');
    list.children[active].scrollIntoView({ block: 'nearest' });
    return line.setAttribute('aria-activedescendant', list.children[active].id);
  };
  const close = () => {
    keys += 1;
    if (!list) return;
    list.remove();
    list = null;
    active = -1;
    line.setAttribute('aria-expanded', 'false');
    line.removeAttribute('aria-controls');
    line.removeAttribute('aria-activedescendant');
    say('');
  };
  const show = () => {
    close();
    if (hits.length === 0) return;
    const id = `${line.id}-list`;
    const option = ({ name, about }, number) =>
      make('li', { role: 'option', id: `${id}-${number}` }, make('span', {}, name), ...(about ? [' ', make('span', { class: 'soft' }, about)] : []));
    list = make('ul', { class: 'options', role: 'listbox', id, 'aria-label': line.dataset.list }, ...hits.map(option));
    line.parentElement.append(list);
    line.setAttribute('aria-expanded', 'true');
    line.setAttribute('aria-controls', id);
    mark(-1);
    say(`有 ${hits.length} 条可选，按上下键选择，回车确定`);
  };
  const choose = (number) => {
    const detail = hits[number];
    close();
    hits = [];
    // The line itself, which has the focus, shows it at once.
    if (line.dataset.finds === 'regions') line.value = detail.name;
    line.dispatchEvent(new CustomEvent('chosen', { bubbles: true, detail }));
  };
  const ask = async (name, question) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`/api/${name}`, { method: 'POST', headers, body: JSON.stringify(question) }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  };
  // Where the server cannot be asked, one types on.
  const find = async (text) => {
    const { finds, every } = line.dataset;
    const regions = { Regions: { text, every_level: every !== undefined } };
    return (await ask('find', { question: finds === 'regions' ? regions : { Providers: { directory: finds, text } } })) ?? [];
  };

  addEventListener('input', ({ target }) => {
    if (!isFor(target)) return;
    line = target;
    keys += 1;
    const own = keys;
    setTimeout(async () => {
      if (own !== keys) return;
      const found = await find(target.value.trim());
      if (own !== keys || document.activeElement !== target) return;
      hits = found;
      show();
    }, REST);
  });
  // A line that finds regions shows the one that is chosen while nobody types there; nothing on the way to one.
  const GROUPS = ['省直辖县级行政区划', '自治区直辖县级行政区划', '县'];
  const name = (find) => {
    const selects = [...find.closest('.cascade').querySelectorAll('select')];
    const chosen = selects.filter((select) => select.value).map((select) => select.selectedOptions[0].text);
    const isWhole = find.dataset.every !== undefined || selects.every((select) => select.value);
    return isWhole ? chosen.filter((own, at) => own !== chosen[at - 1] && !GROUPS.includes(own)).join('') : '';
  };
  const tell = () => {
    for (const find of document.querySelectorAll('[data-finds=regions]')) {
      if (find !== document.activeElement) find.value = name(find);
    }
  };
  // The form draws its selects anew, or sets them, a moment after these.
  const soon = () => setTimeout(tell, 50);
  new MutationObserver(tell).observe(document.body, { childList: true, subtree: true });
  for (const happened of ['change', 'chosen']) addEventListener(happened, soon, true);

  addEventListener('focusin', ({ target }) => {
    if (!isFor(target) || target.hasAttribute('role')) return;
    for (const [of, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false']]) target.setAttribute(of, value);
  });
  addEventListener('focusout', ({ target }) => {
    if (target === line) close();
    if (isFor(target)) soon();
  });
  // The line keeps the focus.
  addEventListener('mousedown', (event) => list?.contains(event.target) && event.preventDefault());
  addEventListener('click', ({ target }) => {
    const option = list?.contains(target) && target.closest('[role=option]');
    if (option) choose([...list.children].indexOf(option));
  });
  // Before the form, for which Enter is a button.
  addEventListener(
    'keydown',
    (event) => {
      if (!isFor(event.target)) return;
      const isFound = event.target === line;
      const done = () => {
        event.preventDefault();
        event.stopPropagation();
      };
      const to = (step) => {
        done();
        if (!list) show();
        mark(active < 0 && step < 0 ? hits.length - 1 : (active + step + hits.length) % hits.length);
      };
      // What an input method is composing is not for the list.
      if (event.isComposing) return;
      if (event.key === 'ArrowDown' && isFound && hits.length) to(1);
      else if (event.key === 'ArrowUp' && isFound && hits.length) to(-1);
      else if (event.key === 'Escape' && list) {
        done();
        close();
      } else if (event.key === 'Enter' && list && active >= 0) {
        done();
        choose(active);
      } else if (event.key === 'Tab' && list && hits.length === 1 && event.target.dataset.finds === 'regions') {
        // The only one there is is what was meant; the focus goes on.
        choose(0);
      } else if (event.key === 'Enter' && event.target.dataset.finds === 'regions') {
        // There is nothing to do there but to choose.
        done();
        if (list) choose(0);
      }
    },
    true,
  );

  // 【显示】: a value of one's own behind its mask, for half a minute. Nothing of it goes into the form.
  addEventListener('click', async (event) => {
    const button = event.target.closest?.('[data-shows]');
    if (!button || !('hydrated' in document.body.dataset)) return;
    event.preventDefault();
    const shown = button.parentElement.querySelector('[role=status]');
    if (shown.textContent) return void (shown.textContent = '');
    const { form } = button;
    const [, , business, action] = new URL(form.action).pathname.split('/');
    const value = (name) => form.elements.namedItem(name)?.value || null;
    const at = button.dataset.shows;
    const request = { procedure: `${business}_${action}`, draft: value('draft'), record: value('record'), subject: value('subject'), at, mask: value(at) ?? '' };
    const told = await ask('reveal', { request });
    shown.textContent = told === null ? '暂时无法显示，请稍后再试' : `${told}（30 秒后隐藏，本次查看已记入日志）`;
    setTimeout(() => (shown.textContent = ''), 30_000);
  });

  // “?”: what 办事指南 says of a question, below its label. Where that page cannot be had, the link is followed.
  let guide = null;
  const read = async (href) => {
    const answer = await fetch(href);
    if (!answer.ok) throw Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), 'text/html');
  };
  addEventListener('click', async (event) => {
    const link = event.target.closest?.('a[data-helps]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const label = link.parentElement;
    const open = label.nextElementSibling?.matches('.help-here') && label.nextElementSibling;
    link.setAttribute('aria-expanded', String(!open));
    if (open) return open.remove();
    guide ??= read(link.href);
    const page = await guide.catch(() => (guide = null));
    const topic = page?.getElementById(`help-${link.dataset.helps}`);
    if (!topic) return location.assign(link.href);
    const here = make('div', { class: 'help-here', role: 'note', 'aria-label': '填写说明' }, ...[...topic.cloneNode(true).children].slice(1));
    here.querySelectorAll('[loading]').forEach((picture) => picture.removeAttribute('loading'));
    if (!label.nextElementSibling?.matches('.help-here')) label.after(here);
  });
  addEventListener('keydown', (event) => {
    const here = event.key === 'Escape' && event.target.closest?.('.field')?.querySelector('.help-here');
    if (!here) return;
    const link = here.previousElementSibling.querySelector('[data-helps]');
    link.setAttribute('aria-expanded', 'false');
    here.remove();
    link.focus();
  });
}
