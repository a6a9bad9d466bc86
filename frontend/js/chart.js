// What a bar of a chart says goes away by Esc, until another one is pointed at or reached (WCAG 1.4.13).
{
  const day = (element) => element?.closest?.('.chart-day');
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const days of document.querySelectorAll('.chart-days')) days.dataset.dismissed = '';
  });
  for (const kind of ['pointerover', 'focusin']) {
    document.addEventListener(kind, (event) => {
      const here = day(event.target);
      if (here && here !== day(event.relatedTarget)) delete here.parentElement.dataset.dismissed;
    });
  }
}
