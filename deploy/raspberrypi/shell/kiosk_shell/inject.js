// Runs in a world of its own on every page: no pointer, taps reported, and the black shade of a dark screen.
(() => {
  const SHIELD_MS = 600; // the tap that wakes a screen presses nothing
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { cursor: none !important }");
  document.adoptedStyleSheets.push(sheet);
  const dimming = new CSSStyleSheet();
  document.adoptedStyleSheets.push(dimming);
  const identify = new CSSStyleSheet();
  document.adoptedStyleSheets.push(identify);
  let shade = null;
  let tapped = -Infinity;
  const tell = () => globalThis.kioskTouch?.("touch");

  const swallow = (event) => {
    event.stopImmediatePropagation();
    event.preventDefault();
  };

  globalThis.kioskDim = (percent) => {
    dimming.replaceSync(percent < 100 ? `html { filter: brightness(${percent / 100}) !important }` : "");
  };

  const away = () => {
    shade?.remove();
    shade = null;
  };

  globalThis.kioskLight = () => {
    if (performance.now() - tapped > SHIELD_MS) away(); // else the shield's own timer does it
  };

  globalThis.kioskDark = () => {
    if (shade?.isConnected) return;
    shade = document.createElement("div");
    shade.id = "kiosk-dark";
    shade.setAttribute("aria-hidden", "true");
    shade.popover = "manual"; // above dialogs, which no number of layers is
    const style = "position:fixed;inset:0;width:100vw;height:100vh;margin:0;border:0;padding:0;background:#000;z-index:2147483647";
    shade.style.cssText = style;
    // Noted before it is swallowed, which keeps it from every other listener.
    shade.addEventListener("pointerdown", () => {
      tapped = performance.now();
      setTimeout(away, SHIELD_MS);
    });
    for (const kind of ["pointerdown", "pointerup", "mousedown", "mouseup", "touchstart", "touchend", "click"]) {
      shade.addEventListener(kind, swallow, { passive: false });
    }
    document.documentElement.append(shade);
    shade.showPopover();
  };

  globalThis.kioskIdentify = (times) => {
    let left = times * 2;
    const blink = setInterval(() => {
      left -= 1;
      identify.replaceSync(left % 2 ? "html { filter: invert(1) !important }" : "");
      if (left <= 0) clearInterval(blink);
    }, 500);
  };

  addEventListener("pointerdown", tell, { capture: true, passive: true });
})();
