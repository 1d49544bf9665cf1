// Runs in an isolated world of the captured page: the page's own scripts can neither see nor forge it, and it changes
// no node. `comparable` must agree with evidence/recognise.py.
(() => {
  const EMOTICON = /\[[^\[\]\n]{1,8}\]/g;
  const SIGN = /[\p{L}\p{N}]/u;
  const UNSEEN = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "TEXTAREA"]);

  const folded = (char) => {
    const code = char.codePointAt(0);
    return (code >= 0xff01 && code <= 0xff5e ? String.fromCodePoint(code - 0xfee0) : char).toLowerCase();
  };

  // The visible text as letters and digits, and for each of them the text node it stands in.
  const letters = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const chars = [];
    const homes = [];
    for (let node = walker.nextNode(); node && chars.length < 400000; node = walker.nextNode()) {
      if (UNSEEN.has(node.parentElement?.tagName)) continue;
      for (const char of node.data.replace(EMOTICON, "")) {
        if (!SIGN.test(char)) continue;
        for (const part of folded(char)) {
          chars.push(part);
          homes.push(node);
        }
      }
    }
    // Indices into a string count UTF-16 units, so each char takes as many homes as it has units.
    const places = [];
    chars.forEach((char, index) => { for (let unit = 0; unit < char.length; unit++) places.push(homes[index]); });
    return { text: chars.join(""), places };
  };

  const isShown = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  };

  const common = (first, last) => {
    const range = document.createRange();
    range.setStartBefore(first);
    range.setEndAfter(last);
    const node = range.commonAncestorContainer;
    return node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  };

  // A selector that no attribute has to be set for.
  const path = (element) => {
    const steps = [];
    for (let node = element; node !== document.documentElement; node = node.parentElement) {
      steps.unshift(`:nth-child(${[...node.parentElement.children].indexOf(node) + 1})`);
    }
    return ["html", ...steps].join(">");
  };

  return {
    // The smallest element that holds the post: of all places where its first piece stands, the visible one that is
    // followed by most of the other pieces, each within reach of the one before.
    locate(pieces) {
      if (!document.body || !pieces.length) return null;
      const { text, places } = letters();
      let best = null;
      for (let start = text.indexOf(pieces[0]), tries = 0; start >= 0 && tries < 50; tries++) {
        let end = start + pieces[0].length;
        let count = 1;
        for (const piece of pieces.slice(1)) {
          const next = text.indexOf(piece, end);
          if (next < 0 || next > end + 200) continue;
          end = next + piece.length;
          count++;
        }
        const first = places[start];
        if ((!best || count > best.count) && isShown(first)) best = { count, first, last: places[end - 1] };
        start = text.indexOf(pieces[0], start + 1);
      }
      if (!best) return null;
      const around = common(best.first, best.last);
      const is_page = around === document.body || around === document.documentElement;
      const element = is_page ? best.first.parentElement : around;
      const box = element.getBoundingClientRect();
      return { selector: path(element), top: box.top + window.scrollY, height: box.height };
    },

    facts(limit) {
      const fields = [...document.querySelectorAll("input[type=password]")];
      return {
        url: location.href,
        title: document.title,
        loaded: document.readyState === "complete",
        text: (document.body?.innerText ?? "").slice(0, limit),
        asks_password: fields.some((field) => field.getClientRects().length > 0),
      };
    },

    html() {
      const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\n" : "";
      return type + document.documentElement.outerHTML;
    },

    images() {
      const all = [...document.images];
      const loaded = all.filter((image) => image.complete && image.naturalWidth > 0);
      const pending = all.filter((image) => !image.complete && image.loading !== "lazy");
      return { total: all.length, loaded: loaded.length, pending: pending.length };
    },

    // Walk down the page so that lazy images load, at most to `limit` px and for `seconds`; then back to the top.
    async scroll(limit, seconds) {
      const pause = (ms) => new Promise((done) => setTimeout(done, ms));
      const end = performance.now() + seconds * 1000;
      const height = () => Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight ?? 0);
      let top = 0;
      while (top < Math.min(height(), limit) && performance.now() < end) {
        window.scrollTo({ top, behavior: "instant" });
        await pause(30);
        top += Math.max(200, window.innerHeight * 0.8);
      }
      const unfinished = top < Math.min(height(), limit);
      window.scrollTo({ top: 0, behavior: "instant" });
      await pause(30);
      return unfinished;
    },
  };
})()
