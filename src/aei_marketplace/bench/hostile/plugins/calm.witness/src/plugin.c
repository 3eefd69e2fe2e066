/* Passes its tenant's canaries through every channel: configuration, secret, files, log, and, when the
 * task asks for it, a model. Answers with the canary meant for the result and with what it found. */
#include "aei.h"

static aei_text member(aei_json object, aei_text name) {
  aei_json value;
  aei_text text = {0};
  if (aei_json_member(object, name, &value)) aei_json_string(value, &text);
  return text;
}

static bool ask_model(aei_text prompt, aei_writer *result) {
  aei_writer request = {0};
  AEI_WRITE(&request, "{\"model\":\"small\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\",\"content\":");
  aei_write_string(&request, prompt);
  AEI_WRITE(&request, "}]}");
  aei_answer answer = aei_models_chat((aei_text){request.data, request.size});
  AEI_WRITE(result, ",\"model\":");
  aei_write_string(result, answer.text);
  return answer.ok;
}

static bool fail(aei_writer *result, aei_text why, aei_text detail) {
  result->size = 0;
  aei_write(result, why);
  aei_write(result, detail);
  return false;
}

bool aei_run(aei_text task, aei_writer *result) {
  aei_json root, ask;
  if (!aei_json_parse(task, &root)) return fail(result, AEI_TEXT("no task"), AEI_TEXT(""));
  aei_answer secret = aei_secrets_get(AEI_TEXT("CANARY_KEY"));
  if (!secret.ok) return fail(result, AEI_TEXT("secrets: "), secret.text);
  aei_log(AEI_TEXT("info"), member(root, AEI_TEXT("log")));
  aei_answer written = aei_files_write(AEI_TEXT("scratch/canary"), member(root, AEI_TEXT("file")));
  if (!written.ok) return fail(result, AEI_TEXT("scratch: "), written.text);
  aei_answer read = aei_files_read(AEI_TEXT("persistent/canary"));
  if (!read.ok) {
    written = aei_files_write(AEI_TEXT("persistent/canary"), member(root, AEI_TEXT("file")));
    read = aei_files_read(AEI_TEXT("persistent/canary"));
  }
  if (!written.ok || !read.ok) return fail(result, AEI_TEXT("files: "), read.text);
  AEI_WRITE(result, "{\"result\":");
  aei_write_string(result, member(root, AEI_TEXT("result")));
  AEI_WRITE(result, ",\"file\":");
  aei_write_string(result, read.text);
  AEI_WRITE(result, ",\"secret_size\":");
  aei_write_integer(result, (int64_t)secret.text.size);
  AEI_WRITE(result, ",\"config\":");
  aei_write(result, aei_config());
  if (aei_json_member(root, AEI_TEXT("ask"), &ask) && *ask.data == 't')
    if (!ask_model(member(root, AEI_TEXT("prompt")), result)) return false;
  AEI_WRITE(result, "}");
  return true;
}
