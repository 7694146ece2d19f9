// What to ask a model that one does not know yet.

const embedded = {
  chat: [
    "What is 327 + 2414?",
    "Sort this list: 53 18 82 12 25 44 65",
    "What is the sum of this list? 90 53 66 30 77 53 99",
    "Add 46 and 6, then multiply by 9.",
    "Repeat this list five times: 75 36 57 54 59 38 91 42 52 17",
    "Copy this paragraph: Let burning coals fall upon them: let them be cast into the fire; into deep pits, that they rise not up again.",
  ],
  race: [
    "Repeat this list five times: 75 36 57 54 59 38 91 42 52 17",
    "Copy this paragraph: Let burning coals fall upon them: let them be cast into the fire; into deep pits, that they rise not up again.",
    "Sort this list: 53 18 82 12 25 44 65",
  ],
};

const everyday = {
  chat: [
    "Why is the sky blue?",
    "Explain recursion to a ten-year-old.",
    "Write a polite reply that declines an invitation to dinner.",
    "List five things to pack for a week by the sea.",
    "What is the difference between a virus and a bacterium?",
    "Write a Python function that reverses a string.",
  ],
  race: [
    "Write a short story about a lighthouse keeper.",
    "Explain how a bicycle stays upright.",
    "Repeat this text three times: The quick brown fox jumps over the lazy dog, and the dog sleeps on.",
  ],
};

// Models without a chat template continue a text.
const beginnings = ["Once upon a time", "The most important invention of the last century is", "def fibonacci(n):"];

// The model in Volley's repository knows only the kinds of tasks that it was trained for, one question at a time.
const isEmbedded = model => model.id.startsWith("volley-5m");

// Whether the model takes the messages before a question into account.
export const remembers = model => model.has_chat && !isEmbedded(model);

// Questions that the model can answer, for `use` "chat" or "race".
export function examples(model, use) {
  if (isEmbedded(model)) return embedded[use];
  return model.has_chat ? everyday[use] : beginnings;
}

// What the model is good for, in a sentence.
export function introduction(model) {
  if (isEmbedded(model))
    return "A demonstration of 5 million parameters. It adds, multiplies, sorts and copies, one question at a time; it is no assistant.";
  return model.has_chat
    ? "Ask something. The chat stays in this browser."
    : "This model has no chat template. It continues each text by itself, without the ones before.";
}
