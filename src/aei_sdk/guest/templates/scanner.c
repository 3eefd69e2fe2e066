/* Find the lines of a text that still hold a TODO. */
#include "aei.h"

static bool holds(aei_text line, aei_text word) {
  for (size_t i = 0; i + word.size <= line.size; i++)
    if (aei_same((aei_text){line.data + i, word.size}, word)) return true;
  return false;
}

/* Takes the next line from the front of the text. */
static aei_text next_line(aei_text *text) {
  size_t size = 0;
  while (size < text->size && text->data[size] != '\n') size++;
  aei_text line = {text->data, size};
  size_t taken = size < text->size ? size + 1 : size;
  text->data += taken;
  text->size -= taken;
  return line;
}

static void write_findings(aei_writer *result, aei_text text) {
  bool first = true;
  AEI_WRITE(result, "{\"findings\":[");
  for (int64_t number = 1; text.size; number++) {
    if (!holds(next_line(&text), AEI_TEXT("TODO"))) continue;
    aei_write(result, first ? AEI_TEXT("{\"line\":") : AEI_TEXT(",{\"line\":"));
    aei_write_integer(result, number);
    AEI_WRITE(result, ",\"severity\":\"info\",\"message\":\"a TODO is left\"}");
    first = false;
  }
  AEI_WRITE(result, "]}");
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
  write_findings(result, text);
  return true;
}
