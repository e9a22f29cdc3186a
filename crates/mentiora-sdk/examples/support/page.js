// The page's whole program: send a message, show the events of the answer as they come.

let threadId = null;

// Reads the frames of a server-sent event answer to a POST, which EventSource can not.
export async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
      yield JSON.parse(rest.slice("data: ".length, end));
    }
  }
}

function line(kind, text) {
  const p = document.createElement("p");
  p.className = kind;
  p.textContent = text;
  document.getElementById("log").append(p);
  return p;
}

export async function ask(message) {
  line("you", message);
  const suggestions = document.getElementById("suggestions");
  suggestions.replaceChildren();
  try {
    const answer = await fetch("/chat", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message, threadId }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    let text = null;
    for await (const event of frames(answer.body)) {
      if (event.type === "delta") (text ??= line("agent", "")).textContent += event.delta;
      if (event.type === "tool") line("tool", `used ${event.name}`);
      if (event.type === "done") threadId = event.threadId;
      if (event.type === "error") line("error", event.message);
      if (event.type === "suggestions") {
        for (const { label, message } of event.suggestions) {
          const button = document.createElement("button");
          button.textContent = label;
          button.onclick = () => ask(message);
          suggestions.append(button);
        }
      }
    }
  } catch (error) {
    line("error", error.message);
  }
}

document.getElementById("form").onsubmit = (event) => {
  event.preventDefault();
  const input = document.getElementById("message");
  if (input.value.trim()) ask(input.value);
  input.value = "";
};

// /?ask=… asks at once.
const asked = new URLSearchParams(location.search).get("ask");
if (asked) ask(asked);
