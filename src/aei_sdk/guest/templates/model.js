// Answer a chat request in the common chat-completion shape.

import { Failed, clock, random } from "aei";

/** @param {string} text */
const words = (text) => text.split(/\s+/u).filter(Boolean).length;

/**
 * Take a chat-completion request, return its response.
 *
 * @param {{ model?: string, messages?: { role: string, content: string }[] }} task
 */
export function run(task) {
  const { messages } = task;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new Failed('send {"messages": [{"role": "user", "content": "…"}]}');
  }
  const asked = messages.map((message) => words(message.content));
  const answer = `You said ${asked.at(-1)} words.`;
  const usage = { prompt_tokens: asked.reduce((sum, count) => sum + count, 0), completion_tokens: words(answer) };
  return {
    id: `chatcmpl-${random.hex(12)}`,
    object: "chat.completion",
    created: Math.floor(clock.now() / 1000),
    model: task.model ?? "@ID@",
    choices: [{ index: 0, message: { role: "assistant", content: answer }, finish_reason: "stop" }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  };
}
