/* Which language is this text? Naive Bayes over letter trigrams; the model is in model.h. */
#include "aei.h"

#include "identify.h"

#define RANKED 5

/* The text to look at: {"text"} itself, or the last message of a chat request that comes from a user. */
typedef struct {
  aei_text text;
  bool chat;
  aei_json model;
} request;

/* A message's content: a string, or a list of parts of which the text parts count. */
static bool read_content(aei_json content, aei_text *text) {
  if (aei_json_string(content, text)) return true;
  if (aei_json_kind(content) != '[') return false;
  aei_writer joined = {0};
  aei_json rest = aei_json_inside(content), part, piece;
  while (aei_json_next_item(&rest, &part)) {
    aei_text words;
    if (!aei_json_member(part, AEI_TEXT("text"), &piece) || !aei_json_string(piece, &words)) continue;
    aei_write(&joined, words);
    aei_write_byte(&joined, ' ');
  }
  *text = (aei_text){joined.data, joined.size};
  return true;
}

static bool read_messages(aei_json messages, aei_text *text) {
  if (aei_json_kind(messages) != '[') return false;
  aei_json rest = aei_json_inside(messages), message, role, content;
  bool found = false;
  while (aei_json_next_item(&rest, &message)) {
    aei_text said;
    if (!aei_json_member(message, AEI_TEXT("role"), &role) || !aei_json_string(role, &said)) continue;
    if (!aei_same(said, AEI_TEXT("user")) || !aei_json_member(message, AEI_TEXT("content"), &content)) continue;
    found = read_content(content, text) || found;
  }
  return found;
}

static bool read_request(aei_text task, request *wanted) {
  aei_json root, value;
  if (!aei_json_parse(task, &root)) return false;
  *wanted = (request){.model = AEI_TEXT("\"studio.langid\"")};
  if (aei_json_member(root, AEI_TEXT("text"), &value)) return aei_json_string(value, &wanted->text);
  wanted->chat = true;
  if (aei_json_member(root, AEI_TEXT("model"), &value) && aei_json_kind(value) == '"') wanted->model = value;
  return aei_json_member(root, AEI_TEXT("messages"), &value) && read_messages(value, &wanted->text);
}

static void write_guess(aei_writer *out, const guess *one) {
  AEI_WRITE(out, "\"language\":");
  aei_write_string(out, one->code);
  AEI_WRITE(out, ",\"name\":");
  aei_write_string(out, one->name);
  AEI_WRITE(out, ",\"confidence\":");
  aei_write_decimal(out, one->confidence, 4);
}

static void write_answer(aei_writer *out, const guess *ranked, int count) {
  static const guess undetermined = {{"und", 3}, {"Undetermined", 12}, 0};
  AEI_WRITE(out, "{");
  write_guess(out, count ? ranked : &undetermined);
  AEI_WRITE(out, ",\"ranking\":[");
  for (int i = 0; i < count; i++) {
    aei_write(out, i ? AEI_TEXT(",{") : AEI_TEXT("{"));
    write_guess(out, ranked + i);
    AEI_WRITE(out, "}");
  }
  AEI_WRITE(out, "]}");
}

/* The common chat-completion shape; the answer itself is JSON inside the message's content. */
static void write_completion(aei_writer *out, const request *asked, aei_text answer, int letters) {
  AEI_WRITE(out, "{\"id\":\"chatcmpl-");
  aei_write(out, aei_random_hex(12));
  AEI_WRITE(out, "\",\"object\":\"chat.completion\",\"created\":");
  aei_write_integer(out, (int64_t)(aei_clock_now() / 1000));
  AEI_WRITE(out, ",\"model\":");
  aei_write(out, asked->model);
  AEI_WRITE(out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
  aei_write_string(out, answer);
  AEI_WRITE(out, "},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":");
  aei_write_integer(out, letters);
  AEI_WRITE(out, ",\"completion_tokens\":0,\"total_tokens\":");
  aei_write_integer(out, letters);
  AEI_WRITE(out, "}}");
}

bool aei_run(aei_text task, aei_writer *result) {
  request wanted;
  if (!read_request(task, &wanted)) {
    AEI_WRITE(result, "expected {\"text\": \"…\"} or {\"messages\": [{\"role\": \"user\", \"content\": \"…\"}]}");
    return false;
  }
  guess ranked[RANKED];
  int letters = 0;
  int count = identify(wanted.text, ranked, RANKED, &letters);
  if (!wanted.chat) {
    write_answer(result, ranked, count);
    return true;
  }
  aei_writer answer = {0};
  write_answer(&answer, ranked, count);
  write_completion(result, &wanted, (aei_text){answer.data, answer.size}, letters);
  return true;
}
