/**
 * The conversation in order, from two witnesses: the carrier's events say at once what was typed, pressed or announced;
 * the application's record says what was understood and what was really heard, a moment later.
 */

const SAME_MOMENT_S = 2.5; // a turn of the caller that begins so near to a typed line is that line
const SAME_WORDS_S = 15; // and so is a later one that holds its words

/**
 * @param story from story.js
 * @param record the application's call with turns and tool_calls, or null
 * @returns {Array<{key: string, kind: "caller"|"assistant"|"carrier"|"digits"|"tool", at: number, text: string,
 *   unheard?: string, isPending?: boolean, tool?: object, responseMs?: number|null}>}
 */
export function transcriptOf(story, record) {
  const turns = turnsOf(story, record);
  const entries = [...turns, ...linesOf(story, turns), ...saidOf(story), ...digitsOf(story), ...toolsOf(record)];
  return entries.sort((a, b) => a.at - b.at);
}

function turnsOf({ streamAt }, record) {
  let latest = 0;
  return (record?.turns ?? []).map((turn) => {
    // A resumed call has a second stream, whose clock begins anew; the turns' own order holds in any case.
    latest = Math.max(latest, (streamAt ?? 0) + turn.started_ms / 1000);
    return {
      key: `turn-${turn.ordinal}`,
      kind: turn.speaker,
      at: latest,
      text: turn.text,
      unheard: turn.unheard,
      responseMs: turn.response_ms,
    };
  });
}

/** Typed lines that the record does not hold yet. */
function linesOf({ lines }, turns) {
  const said = turns.filter(({ kind }) => kind === "caller");
  const isTold = ({ text, at }) =>
    said.some((turn) => {
      const apart = Math.abs(turn.at - at);
      return apart < SAME_MOMENT_S || (apart < SAME_WORDS_S && words(turn.text).includes(words(text)));
    });
  return lines
    .filter((line) => !isTold(line))
    .map(({ id, text, at, isSpoken }) => ({ key: `line-${id}`, kind: "caller", at, text, isPending: !isSpoken }));
}

function saidOf({ said }) {
  return said.map(({ text, at }, index) => ({ key: `said-${index}`, kind: "carrier", at, text }));
}

function digitsOf({ digits }) {
  return digits.map(({ digit, at }, index) => ({ key: `digit-${index}`, kind: "digits", at, text: digit }));
}

function toolsOf(record) {
  return (record?.tool_calls ?? []).map((tool) => ({
    key: `tool-${tool.tool_call_id}`,
    kind: "tool",
    at: (Date.parse(tool.requested_at) - Date.parse(record.started_at)) / 1000,
    text: tool.name,
    tool,
  }));
}

/** A text to compare by whole words, whatever its case and punctuation. */
function words(text) {
  return ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()} `;
}
