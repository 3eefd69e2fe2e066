/* JSON for C plugins (RFC 8259): write strings, read documents in place.
 *
 * A value is a slice of the document. `aei_json_parse` checks the whole text once; after that no
 * step over it can fail. Included by aei.h.
 */
#ifndef AEI_JSON_H
#define AEI_JSON_H

#include "aei.h"

/* Deeper nesting is refused: each level takes a frame of the stack. */
#define AEI_JSON_DEPTH 100

/* ---- Writing --------------------------------------------------------------------------------- */

/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
static inline void aei_write_string(aei_writer *writer, aei_text text) {
  static const char hex[] = "0123456789abcdef";
  aei_write_byte(writer, '"');
  while (text.size) {
    uint32_t point = aei_next_code_point(&text);
    if (point == '"' || point == '\\') {
      aei_write_byte(writer, '\\');
      aei_write_byte(writer, (char)point);
    } else if (point < 0x20 || point == 0x7F) {
      AEI_WRITE(writer, "\\u00");
      aei_write_byte(writer, hex[point >> 4]);
      aei_write_byte(writer, hex[point & 15]);
    } else {
      aei_write_code_point(writer, point);
    }
  }
  aei_write_byte(writer, '"');
}

/* ---- Checking -------------------------------------------------------------------------------- */

typedef aei_text aei_json;

static inline void aei_json_space(aei_text *rest) {
  while (rest->size && (*rest->data == ' ' || *rest->data == '\n' || *rest->data == '\r' || *rest->data == '\t'))
    rest->data++, rest->size--;
}

static inline bool aei_json_take(aei_text *rest, char byte) {
  if (!rest->size || *rest->data != byte) return false;
  rest->data++, rest->size--;
  return true;
}

static inline bool aei_json_take_word(aei_text *rest, aei_text word) {
  if (rest->size < word.size || !aei_same((aei_text){rest->data, word.size}, word)) return false;
  rest->data += word.size, rest->size -= word.size;
  return true;
}

static inline int aei_json_hex(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  byte |= 0x20;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static inline bool aei_json_take_escape(aei_text *rest) {
  if (!rest->size) return false;
  char kind = *rest->data;
  rest->data++, rest->size--;
  if (kind != 'u') {
    for (const char *known = "\"\\/bfnrt"; *known; known++)
      if (*known == kind) return true;
    return false;
  }
  if (rest->size < 4) return false;
  for (int i = 0; i < 4; i++)
    if (aei_json_hex(rest->data[i]) < 0) return false;
  rest->data += 4, rest->size -= 4;
  return true;
}

static inline bool aei_json_take_string(aei_text *rest) {
  if (!aei_json_take(rest, '"')) return false;
  while (rest->size) {
    char byte = *rest->data;
    if ((unsigned char)byte < 0x20) return false;
    rest->data++, rest->size--;
    if (byte == '"') return true;
    if (byte == '\\' && !aei_json_take_escape(rest)) return false;
  }
  return false;
}

static inline bool aei_json_take_digits(aei_text *rest) {
  const char *start = rest->data;
  while (rest->size && *rest->data >= '0' && *rest->data <= '9') rest->data++, rest->size--;
  return rest->data != start;
}

static inline bool aei_json_take_number(aei_text *rest) {
  aei_json_take(rest, '-');
  if (!aei_json_take(rest, '0') && !aei_json_take_digits(rest)) return false;
  if (aei_json_take(rest, '.') && !aei_json_take_digits(rest)) return false;
  if (aei_json_take(rest, 'e') || aei_json_take(rest, 'E')) {
    if (!aei_json_take(rest, '+')) aei_json_take(rest, '-');
    return aei_json_take_digits(rest);
  }
  return true;
}

static bool aei_json_take_value(aei_text *rest, int depth);

static inline bool aei_json_take_container(aei_text *rest, int depth, char close) {
  rest->data++, rest->size--;
  aei_json_space(rest);
  if (aei_json_take(rest, close)) return true;
  for (;;) {
    aei_json_space(rest);
    if (close == '}') {
      if (!aei_json_take_string(rest)) return false;
      aei_json_space(rest);
      if (!aei_json_take(rest, ':')) return false;
    }
    if (!aei_json_take_value(rest, depth - 1)) return false;
    aei_json_space(rest);
    if (aei_json_take(rest, close)) return true;
    if (!aei_json_take(rest, ',')) return false;
  }
}

static bool aei_json_take_value(aei_text *rest, int depth) {
  aei_json_space(rest);
  if (!depth || !rest->size) return false;
  switch (*rest->data) {
    case '{': return aei_json_take_container(rest, depth, '}');
    case '[': return aei_json_take_container(rest, depth, ']');
    case '"': return aei_json_take_string(rest);
    case 't': return aei_json_take_word(rest, AEI_TEXT("true"));
    case 'f': return aei_json_take_word(rest, AEI_TEXT("false"));
    case 'n': return aei_json_take_word(rest, AEI_TEXT("null"));
    default: return aei_json_take_number(rest);
  }
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The document's one value; false when the text is not JSON. */
static inline bool aei_json_parse(aei_text text, aei_json *value) {
  aei_text rest = text;
  aei_json_space(&rest);
  *value = rest;
  if (!aei_json_take_value(&rest, AEI_JSON_DEPTH)) return false;
  value->size = (size_t)(rest.data - value->data);
  aei_json_space(&rest);
  return !rest.size;
}

/* The first byte tells the kind: { [ " t f n, or a digit or minus sign. */
static inline char aei_json_kind(aei_json value) { return value.size ? *value.data : 'n'; }

/* Where to begin with `aei_json_next_item` or `aei_json_next_member`. */
static inline aei_json aei_json_inside(aei_json container) {
  return (aei_json){container.data + 1, container.size - 1};
}

/* The next item of an array; false at its end. */
static inline bool aei_json_next_item(aei_json *rest, aei_json *item) {
  aei_json_space(rest);
  aei_json_take(rest, ',');
  aei_json_space(rest);
  if (!rest->size || *rest->data == ']' || *rest->data == '}') return false;
  *item = *rest;
  aei_json_take_value(rest, AEI_JSON_DEPTH);
  item->size = (size_t)(rest->data - item->data);
  return true;
}

/* The next member of an object: its key, still a JSON string, and its value. */
static inline bool aei_json_next_member(aei_json *rest, aei_json *key, aei_json *value) {
  if (!aei_json_next_item(rest, key)) return false;
  aei_json_space(rest);
  aei_json_take(rest, ':');
  return aei_json_next_item(rest, value);
}

static inline uint32_t aei_json_unit(const char *at) {
  uint32_t unit = 0;
  for (int i = 0; i < 4; i++) unit = unit << 4 | (uint32_t)aei_json_hex(at[i]);
  return unit;
}

/* Writes what follows a backslash at `at` and returns how many bytes of the source it took. */
static inline size_t aei_json_write_escaped(aei_writer *out, const char *at, size_t left) {
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  if (*at != 'u') {
    char byte = *at;
    for (int i = 0; i < 5; i++)
      if (from[i] == *at) byte = to[i];
    aei_write_byte(out, byte);
    return 1;
  }
  uint32_t unit = aei_json_unit(at + 1);
  if (unit >= 0xD800 && unit < 0xDC00 && left >= 11 && at[5] == '\\' && at[6] == 'u') {
    uint32_t low = aei_json_unit(at + 7);
    if (low >= 0xDC00 && low < 0xE000) {
      aei_write_code_point(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
      return 11;
    }
  }
  aei_write_code_point(out, unit >= 0xD800 && unit < 0xE000 ? AEI_REPLACEMENT : unit);
  return 5;
}

/* The text of a JSON string, unescaped; false when the value is none. */
static inline bool aei_json_string(aei_json value, aei_text *text) {
  if (aei_json_kind(value) != '"') return false;
  aei_text inner = {value.data + 1, value.size - 2};
  aei_writer out = {0};
  for (size_t i = 0, plain = 0;;) {
    while (i < inner.size && inner.data[i] != '\\') i++;
    if (i == inner.size && !out.size) {
      *text = inner;
      return true;
    }
    aei_write(&out, (aei_text){inner.data + plain, i - plain});
    if (i == inner.size) break;
    i += 1 + aei_json_write_escaped(&out, inner.data + i + 1, inner.size - i - 1);
    plain = i;
  }
  *text = (aei_text){out.data, out.size};
  return true;
}

/* The value of an object's member; false when it has none of that name or is no object. */
static inline bool aei_json_member(aei_json object, aei_text name, aei_json *value) {
  if (aei_json_kind(object) != '{') return false;
  aei_json rest = aei_json_inside(object), key, candidate;
  bool found = false;
  while (aei_json_next_member(&rest, &key, &candidate)) {
    aei_text spelled;
    if (aei_json_string(key, &spelled) && aei_same(spelled, name)) *value = candidate, found = true;
  }
  return found;
}

/* A number as a double, to about 15 digits; false when the value is none. */
static inline bool aei_json_number(aei_json value, double *number) {
  char kind = aei_json_kind(value);
  if (kind != '-' && (kind < '0' || kind > '9')) return false;
  size_t at = kind == '-';
  double result = 0;
  int exponent = 0, written = 0;
  for (; at < value.size && (value.data[at] | 0x20) != 'e'; at++) {
    if (value.data[at] == '.') { written = -1; continue; }
    result = result * 10 + (value.data[at] - '0');
    if (written) exponent--;
  }
  if (at < value.size) {
    bool negative = value.data[at + 1] == '-';
    int stated = 0;
    for (at += 1 + (value.data[at + 1] == '-' || value.data[at + 1] == '+'); at < value.size && stated < 1000; at++)
      stated = stated * 10 + (value.data[at] - '0');
    exponent += negative ? -stated : stated;
  }
  for (; exponent > 0 && exponent < 400; exponent--) result *= 10;
  for (; exponent < 0 && exponent > -400; exponent++) result /= 10;
  *number = kind == '-' ? -result : result;
  return true;
}

#endif
