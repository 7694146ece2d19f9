// The chats that this browser keeps, each under a key of its own, so that two tabs do not overwrite each other's.

const prefix = "volley-chat-";

function read(key) {
  try {
    const chat = JSON.parse(localStorage.getItem(key));
    return Array.isArray(chat?.messages) ? chat : null;
  } catch {
    return null;
  }
}

function keys() {
  try {
    return Object.keys(localStorage).filter(key => key.startsWith(prefix));
  } catch {
    return [];
  }
}

// All chats, the latest first.
export function list() {
  return keys().map(read).filter(chat => chat).sort((one, other) => other.changed - one.changed);
}

// Keeps a chat. If the browser has no room, the oldest ones go. Returns whether it is kept.
export function save(chat) {
  chat.changed = Date.now();
  const text = JSON.stringify(chat);
  for (;;) {
    try {
      localStorage.setItem(prefix + chat.id, text);
      return true;
    } catch {
      const oldest = list().filter(other => other.id !== chat.id).at(-1);
      if (!oldest) return false;
      remove(oldest.id);
    }
  }
}

export const has = id => keys().includes(prefix + id);

export const remove = id => localStorage.removeItem(prefix + id);

export const title = chat => chat.messages[0]?.content.slice(0, 80) ?? "";

export function fresh(model, system) {
  return { id: Date.now().toString(36) + Math.random().toString(36).slice(2, 8), model, system, messages: [], changed: 0 };
}
