// Requests to the server that sent this page.

const keyName = "volley-key";

export const useKey = key => sessionStorage.setItem(keyName, key);

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const key = sessionStorage.getItem(keyName);
  const headers = { "Content-Type": "application/json", ...(key && { Authorization: "Bearer " + key }) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("the server does not answer; is it running?", 0);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Refusal(body?.error?.message ?? "the server answered " + response.status, response.status);
}

// The model that the server answers with.
export async function describeModel() {
  return (await (await ask("v1/models")).json()).data[0];
}

function dataOf(block) {
  return block.split("\n").filter(line => line.startsWith("data:")).map(line => line.slice("data:".length).trim()).join("\n");
}

// The events of a streamed answer, each with the time at which it came (`performance.now`).
export async function* events(path, body, signal) {
  const response = await ask(path, { method: "POST", body: JSON.stringify({ ...body, stream: true }), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "", isWhole = false;;) {
    const { value, done } = await reader.read().catch(error => {
      if (error.name === "AbortError") throw error;
      return { done: true };
    });
    // The next request begins when the connection of this one has ended.
    if (done && isWhole) return;
    if (done) throw new Refusal("the connection broke in the midst of the answer", 0);
    const time = performance.now();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const data of blocks.map(dataOf)) {
      isWhole ||= data === "[DONE]";
      // A comment, which keeps the connection alive, has no data.
      if (!data || isWhole) continue;
      const event = JSON.parse(data);
      if (event.error) throw new Refusal(event.error.message, 0);
      yield { time, event };
    }
  }
}
