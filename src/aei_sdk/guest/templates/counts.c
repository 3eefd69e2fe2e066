/* Count the characters, words and lines of a text. */
#include "aei.h"

static void write_counts(aei_writer *result, aei_text text) {
  int64_t characters = 0, words = 0, lines = 0;
  bool in_word = false, in_line = false;
  while (text.size) {
    uint32_t point = aei_next_code_point(&text);
    bool space = point == ' ' || (point >= '\t' && point <= '\r');
    characters++;
    words += !space && !in_word;
    lines += !in_line;
    in_word = !space;
    in_line = point != '\n';
  }
  AEI_WRITE(result, "{\"characters\":");
  aei_write_integer(result, characters);
  AEI_WRITE(result, ",\"words\":");
  aei_write_integer(result, words);
  AEI_WRITE(result, ",\"lines\":");
  aei_write_integer(result, lines);
  AEI_WRITE(result, "}");
}

/* Takes a task and writes its result, both JSON; returns false with a message when it cannot. */
bool aei_run(aei_text task, aei_writer *result) {
  aei_json root, value;
  aei_text text;
  if (!aei_json_parse(task, &root) || !aei_json_member(root, AEI_TEXT("text"), &value) ||
      !aei_json_string(value, &text)) {
    AEI_WRITE(result, "send {\"text\": \"…\"}");
    return false;
  }
  aei_log(AEI_TEXT("info"), AEI_TEXT("counting"));
  aei_progress(0.5, AEI_TEXT("counting"));
  write_counts(result, text);
  return true;
}
