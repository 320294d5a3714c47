// Runs before the first paint: without it a dark screen would flash white. A file of its own because the server's
// content security policy forbids inline scripts. The key is Mantine's; the application changes it through Mantine.
(function () {
  var stored = null;
  try {
    stored = window.localStorage.getItem('mantine-color-scheme-value');
  } catch {
    // Storage is switched off: the system's scheme decides.
  }
  var dark = stored === 'dark' || (stored !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
