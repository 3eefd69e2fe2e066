/* The AEI plugin interface for C: aei:plugin@0.1.0.
 *
 * Include this header in one file and define
 *
 *     bool aei_run(aei_text task, aei_writer *result);
 *
 * `task` is a JSON text. Write a JSON text to `result` and return true, or write a message in plain
 * words and return false. Both are UTF-8. Every execution is a fresh instance: nothing that you
 * allocate or change is seen by the next one, so nothing needs to be freed.
 *
 * The calls of a permission exist when the manifest requests it.
 * Memory layout: Component Model canonical ABI, wasm32, string encoding UTF-8.
 */
#ifndef AEI_H
#define AEI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char *data;
  size_t size;
} aei_text;

/* A text from a string literal. */
#define AEI_TEXT(literal) ((aei_text){(literal), sizeof(literal) - 1})

/* ---- Memory ---------------------------------------------------------------------------------- */

#define AEI_PAGE 65536u

extern unsigned char __heap_base;
static uintptr_t aei_top;

/* Grows the memory until `end` lies inside it; traps when the execution's limit is reached. */
static inline void aei_reserve(uintptr_t end) {
  uintptr_t have = __builtin_wasm_memory_size(0) * AEI_PAGE;
  if (end <= have) return;
  if (__builtin_wasm_memory_grow(0, (end - have + AEI_PAGE - 1) / AEI_PAGE) == (size_t)-1) __builtin_trap();
}

static inline void *aei_allocate_aligned(size_t size, size_t align) {
  if (!aei_top) aei_top = (uintptr_t)&__heap_base;
  uintptr_t start = (aei_top + align - 1) & ~(uintptr_t)(align - 1);
  if (size > UINTPTR_MAX - start - AEI_PAGE) __builtin_trap();
  aei_reserve(start + size);
  aei_top = start + size;
  return (void *)start;
}

/* `size` bytes, aligned to 8, not cleared. Never fails: without memory the execution ends. */
static inline void *aei_allocate(size_t size) { return aei_allocate_aligned(size, 8); }

static inline void aei_copy(void *to, const void *from, size_t size) { __builtin_memcpy(to, from, size); }

/* Resizes what was allocated; the last allocation grows in place. */
static inline void *aei_reallocate(void *old, size_t old_size, size_t align, size_t size) {
  if (old_size && (uintptr_t)old + old_size == aei_top) {
    if (size > UINTPTR_MAX - (uintptr_t)old - AEI_PAGE) __builtin_trap();
    aei_reserve((uintptr_t)old + size);
    aei_top = (uintptr_t)old + size;
    return old;
  }
  void *fresh = aei_allocate_aligned(size, align);
  if (old_size) aei_copy(fresh, old, old_size < size ? old_size : size);
  return fresh;
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align,
                                                               size_t size) {
  return aei_reallocate(old, old_size, align, size);
}

/* The compiler may call these by name even where no C library exists. */
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  aei_copy(to, from, size);
  return to;
}
void *memmove(void *to, const void *from, size_t size) {
  __builtin_memmove(to, from, size);
  return to;
}
void *memset(void *to, int byte, size_t size) {
  __builtin_memset(to, byte, size);
  return to;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static inline bool aei_same(aei_text a, aei_text b) {
  if (a.size != b.size) return false;
  for (size_t i = 0; i < a.size; i++)
    if (a.data[i] != b.data[i]) return false;
  return true;
}

#define AEI_REPLACEMENT 0xFFFDu

/* Takes one code point from the front of `text`, which must not be empty. Bytes that are not UTF-8
 * come out as U+FFFD, one for each byte. */
static inline uint32_t aei_next_code_point(aei_text *text) {
  const unsigned char *at = (const unsigned char *)text->data;
  uint32_t first = at[0];
  size_t extra = first < 0x80 ? 0 : (first & 0xE0) == 0xC0 ? 1 : (first & 0xF0) == 0xE0 ? 2 : 3;
  static const uint32_t smallest[4] = {0, 0x80, 0x800, 0x10000};
  bool good = extra < text->size && (extra < 3 || (first & 0xF8) == 0xF0);
  uint32_t point = extra ? first & (0x3Fu >> extra) : first;
  for (size_t i = 1; good && i <= extra; i++) {
    good = (at[i] & 0xC0) == 0x80;
    point = point << 6 | (at[i] & 0x3F);
  }
  good = good && point >= smallest[extra] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  size_t taken = good ? extra + 1 : 1;
  text->data += taken;
  text->size -= taken;
  return good ? point : AEI_REPLACEMENT;
}

/* ---- Writing --------------------------------------------------------------------------------- */

typedef struct {
  char *data;
  size_t size, capacity;
} aei_writer;

/* Appends the bytes as they are. */
static inline void aei_write(aei_writer *writer, aei_text text) {
  if (writer->size + text.size > writer->capacity) {
    size_t capacity = 2 * (writer->size + text.size) + 256;
    writer->data = aei_reallocate(writer->data, writer->capacity, 8, capacity);
    writer->capacity = capacity;
  }
  aei_copy(writer->data + writer->size, text.data, text.size);
  writer->size += text.size;
}

#define AEI_WRITE(writer, literal) aei_write((writer), AEI_TEXT(literal))

static inline void aei_write_byte(aei_writer *writer, char byte) { aei_write(writer, (aei_text){&byte, 1}); }

static inline void aei_write_code_point(aei_writer *writer, uint32_t point) {
  if (point < 0x80) {
    aei_write_byte(writer, (char)point);
    return;
  }
  int extra = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static const uint8_t lead[4] = {0, 0xC0, 0xE0, 0xF0};
  aei_write_byte(writer, (char)(lead[extra] | point >> (6 * extra)));
  for (int i = extra - 1; i >= 0; i--) aei_write_byte(writer, (char)(0x80 | (point >> (6 * i) & 0x3F)));
}

/* A whole number in decimal. */
static inline void aei_write_integer(aei_writer *writer, int64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) aei_write_byte(writer, '-');
  aei_write(writer, (aei_text){digits + at, sizeof digits - at});
}

/* A number with `places` decimal places (at most 9), rounded; its size must stay below 9e9. */
static inline void aei_write_decimal(aei_writer *writer, double number, int places) {
  int64_t scale = 1;
  for (int i = 0; i < places; i++) scale *= 10;
  int64_t scaled = (int64_t)((number < 0 ? -number : number) * (double)scale + 0.5);
  if (number < 0 && scaled) aei_write_byte(writer, '-');
  aei_write_integer(writer, scaled / scale);
  if (places) aei_write_byte(writer, '.');
  for (int64_t unit = scale / 10; unit; unit /= 10) aei_write_byte(writer, (char)('0' + scaled / unit % 10));
}

/* ---- What the host offers -------------------------------------------------------------------- */

#define AEI_IMPORT(interface, function) \
  __attribute__((import_module("aei:plugin/" interface "@0.1.0"), import_name(function)))

/* How the host returns string and result<string,string>. */
typedef struct {
  const char *data;
  size_t size;
} aei_returned_string;
typedef struct {
  uint8_t failed;
  const char *data;
  size_t size;
} aei_returned_result;

/* The host's answer: `text` is the result, or {"code": "…", "message": "…"} when `ok` is false. */
typedef struct {
  bool ok;
  aei_text text;
} aei_answer;

static inline aei_answer aei_answered(const aei_returned_result *returned) {
  return (aei_answer){!returned->failed, {returned->data, returned->size}};
}

#define AEI_DECLARE_ASK(interface, function, import, name)                                  \
  AEI_IMPORT(interface, function) void import(const char *, size_t, aei_returned_result *); \
  static inline aei_answer name(aei_text request) {                                         \
    aei_returned_result returned;                                                           \
    import(request.data, request.size, &returned);                                          \
    return aei_answered(&returned);                                                         \
  }

#define AEI_DECLARE_ASK_TWO(interface, function, import, name)                                              \
  AEI_IMPORT(interface, function) void import(const char *, size_t, const char *, size_t, aei_returned_result *); \
  static inline aei_answer name(aei_text first, aei_text second) {                                          \
    aei_returned_result returned;                                                                           \
    import(first.data, first.size, second.data, second.size, &returned);                                    \
    return aei_answered(&returned);                                                                         \
  }

AEI_IMPORT("log", "log") void aei_import_log(const char *, size_t, const char *, size_t);
AEI_IMPORT("progress", "report") void aei_import_progress(double, const char *, size_t);
AEI_IMPORT("clock", "now") uint64_t aei_import_clock_now(void);
AEI_IMPORT("clock", "monotonic") uint64_t aei_import_clock_monotonic(void);
AEI_IMPORT("random", "hex") void aei_import_random_hex(uint32_t, aei_returned_string *);
AEI_IMPORT("config", "get") void aei_import_config_get(aei_returned_string *);

/* `level`: debug, info, warn or error. */
static inline void aei_log(aei_text level, aei_text message) {
  aei_import_log(level.data, level.size, message.data, message.size);
}

/* `fraction`: 0 to 1. */
static inline void aei_progress(double fraction, aei_text message) {
  aei_import_progress(fraction, message.data, message.size);
}

/* Milliseconds since 1970. */
static inline uint64_t aei_clock_now(void) { return aei_import_clock_now(); }

/* Nanoseconds since a point that is fixed for this execution. */
static inline uint64_t aei_clock_monotonic(void) { return aei_import_clock_monotonic(); }

/* `count` random bytes (at most 4,096) in hexadecimal. */
static inline aei_text aei_random_hex(uint32_t count) {
  aei_returned_string returned;
  aei_import_random_hex(count, &returned);
  return (aei_text){returned.data, returned.size};
}

/* The installation's configuration, a JSON object. */
static inline aei_text aei_config(void) {
  aei_returned_string returned;
  aei_import_config_get(&returned);
  return (aei_text){returned.data, returned.size};
}

#ifdef AEI_HTTP
/* {"method", "url", "headers", "body"} → {"status", "headers", "body", "url"} */
AEI_DECLARE_ASK("http", "fetch", aei_import_http_fetch, aei_http_fetch)
#endif

#ifdef AEI_SECRETS
AEI_DECLARE_ASK("secrets", "get", aei_import_secrets_get, aei_secrets_get)
#endif

#ifdef AEI_FILES
/* Paths begin with scratch/ or persistent/. */
AEI_DECLARE_ASK("files", "read", aei_import_files_read, aei_files_read)
AEI_DECLARE_ASK("files", "list", aei_import_files_list, aei_files_list)
AEI_DECLARE_ASK("files", "delete", aei_import_files_delete, aei_files_delete)
/* path, content */
AEI_DECLARE_ASK_TWO("files", "write", aei_import_files_write, aei_files_write)
#endif

#ifdef AEI_MODELS
AEI_DECLARE_ASK("models", "chat", aei_import_models_chat, aei_models_chat)
AEI_DECLARE_ASK("models", "embed", aei_import_models_embed, aei_models_embed)
#endif

#ifdef AEI_PLUGINS
/* plugin id, task */
AEI_DECLARE_ASK_TWO("plugins", "call", aei_import_plugins_call, aei_plugins_call)
#endif

/* ---- The export ------------------------------------------------------------------------------ */

bool aei_run(aei_text task, aei_writer *result);

__attribute__((export_name("run"))) aei_returned_result *aei_export_run(const char *task, size_t size) {
  static aei_returned_result returned;
  aei_writer result = {0};
  returned.failed = !aei_run((aei_text){task, size}, &result);
  returned.data = result.data;
  returned.size = result.size;
  return &returned;
}

#include "aei_json.h"

#endif
