/** The twelve keys of a telephone, for the finger and for the keyboard. */

import { element } from "./dom.js";

const KEYS = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", ""],
  ["0", "+"],
  ["#", ""],
];

const NAMES = { "*": "star", "#": "hash" };

/** @param {(digit: string) => void} press */
export function buildKeypad(container, press) {
  for (const [digit, letters] of KEYS) {
    const label = NAMES[digit] ?? digit;
    const key = element("button", { type: "button", "aria-label": label, disabled: true, onclick: () => press(digit) });
    key.append(element("b", {}, digit), element("small", {}, letters));
    key.dataset.digit = digit;
    container.append(key);
  }
  document.addEventListener("keydown", (event) => {
    const key = [...container.children].find(({ dataset }) => dataset.digit === event.key);
    if (!key || key.disabled || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    key.classList.add("pressed");
    setTimeout(() => key.classList.remove("pressed"), 150);
    press(event.key);
  });
}

export function enableKeypad(container, isEnabled) {
  for (const key of container.children) key.disabled = !isEnabled;
}

function isTyping(target) {
  return target.matches("input, select, textarea, [contenteditable]");
}
