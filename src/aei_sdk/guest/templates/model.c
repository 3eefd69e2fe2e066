/* Answer a chat request in the common chat-completion shape. */
#include "aei.h"

static int64_t count_words(aei_text text) {
  int64_t words = 0;
  bool in_word = false;
  for (size_t i = 0; i < text.size; i++) {
    bool space = text.data[i] == ' ' || (text.data[i] >= '\t' && text.data[i] <= '\r');
    words += !space && !in_word;
    in_word = !space;
  }
  return words;
}

/* The content of the last message. */
static bool last_content(aei_json root, aei_text *content) {
  aei_json messages, message, value;
  if (!aei_json_member(root, AEI_TEXT("messages"), &messages) || aei_json_kind(messages) != '[') return false;
  aei_json rest = aei_json_inside(messages);
  bool found = false;
  while (aei_json_next_item(&rest, &message))
    found = aei_json_member(message, AEI_TEXT("content"), &value) && aei_json_string(value, content);
  return found;
}

static void write_usage(aei_writer *result, int64_t asked, int64_t answered) {
  AEI_WRITE(result, "\"usage\":{\"prompt_tokens\":");
  aei_write_integer(result, asked);
  AEI_WRITE(result, ",\"completion_tokens\":");
  aei_write_integer(result, answered);
  AEI_WRITE(result, ",\"total_tokens\":");
  aei_write_integer(result, asked + answered);
  AEI_WRITE(result, "}");
}

/* Takes a task and writes its result, both JSON; returns false with a message when it cannot. */
bool aei_run(aei_text task, aei_writer *result) {
  aei_json root;
  aei_text content;
  if (!aei_json_parse(task, &root) || !last_content(root, &content)) {
    AEI_WRITE(result, "send {\"messages\": [{\"role\": \"user\", \"content\": \"…\"}]}");
    return false;
  }
  int64_t words = count_words(content);
  AEI_WRITE(result, "{\"id\":\"chatcmpl-");
  aei_write(result, aei_random_hex(12));
  AEI_WRITE(result, "\",\"object\":\"chat.completion\",\"created\":");
  aei_write_integer(result, (int64_t)(aei_clock_now() / 1000));
  AEI_WRITE(result, ",\"model\":\"@ID@\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",");
  AEI_WRITE(result, "\"message\":{\"role\":\"assistant\",\"content\":\"You said ");
  aei_write_integer(result, words);
  AEI_WRITE(result, " words.\"}}],");
  write_usage(result, words, 4);
  AEI_WRITE(result, "}");
  return true;
}
