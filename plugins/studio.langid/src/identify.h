/* Naive Bayes over letter trigrams.
 *
 * A text becomes a row of letters (`model.h` numbers them, upper and lower case alike; Han, kana and
 * Hangul count as one letter each) with one space between words. Each trigram adds its logarithm of
 * probability, in steps of 1/MODEL_STEPS nats, to each language's score; an unseen one adds that
 * language's floor. Every score is a sum of whole numbers, so the answer is the same everywhere.
 */
#ifndef IDENTIFY_H
#define IDENTIFY_H

#include "aei.h"
#include "model.h"

/* Longer texts tell nothing more; this bounds the work. */
#define MOST_LETTERS 20000

/* Naive Bayes takes neighbouring trigrams for independent and is far too sure of itself; the
 * difference of two scores is divided by this before it becomes a confidence. */
#define TEMPERATURE 4.0

typedef struct {
  aei_text code, name;
  double confidence;
} guess;

/* The number of a code point's letter; 0 separates words. */
static int letter_of(uint32_t point) {
  if (point >= 0x4E00 && point <= 0x9FFF) return MODEL_HAN;
  if ((point >= 0x3041 && point <= 0x3096)) return MODEL_HIRAGANA;
  if (point >= 0x30A1 && point <= 0x30FE) return MODEL_KATAKANA;
  if (point >= 0xAC00 && point <= 0xD7A3) return MODEL_HANGUL;
  int low = 0, high = MODEL_LETTERS - 1;
  while (low <= high) {
    int middle = (low + high) / 2;
    uint32_t there = model_letters[middle].point;
    if (there == point) return model_letters[middle].letter;
    if (there < point) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}

/* Adds what one trigram says to every language's score. */
static void score_trigram(uint32_t trigram, int64_t *scores) {
  int low = 0, high = MODEL_TRIGRAMS - 1;
  while (low <= high) {
    int middle = (low + high) / 2;
    if (model_trigrams[middle] < trigram) low = middle + 1;
    else if (model_trigrams[middle] > trigram) high = middle - 1;
    else {
      for (int i = 0; i < MODEL_LANGUAGES; i++) scores[i] -= model_floor[i];
      for (int at = model_offsets[middle]; at < model_offsets[middle + 1]; at++)
        scores[model_seen[at].language] += model_floor[model_seen[at].language] - model_seen[at].cost;
      return;
    }
  }
}

/* e^x for x ≤ 0, by squaring (1 + x/1024)^1024; exact enough for a confidence of four places. */
static double exponential(double x) {
  if (x < -40) return 0;
  double y = 1 + x / 1048576;
  for (int i = 0; i < 20; i++) y *= y;
  return y;
}

static int score_text(aei_text text, int64_t *scores) {
  int letters = 0, before = 0, last = 0;
  while (text.size && letters < MOST_LETTERS) {
    int letter = letter_of(aei_next_code_point(&text));
    if (!letter && !last) continue;
    letters += letter != 0;
    score_trigram((uint32_t)before << 20 | (uint32_t)last << 10 | (uint32_t)letter, scores);
    before = last, last = letter;
  }
  if (last) score_trigram((uint32_t)before << 20 | (uint32_t)last << 10, scores);
  return letters;
}

static void rank(const int64_t *scores, guess *ranked, int most) {
  bool taken[MODEL_LANGUAGES] = {0};
  int64_t best = 0;
  double total = 0;
  for (int i = 0; i < MODEL_LANGUAGES; i++)
    if (!i || scores[i] > best) best = scores[i];
  for (int i = 0; i < MODEL_LANGUAGES; i++)
    total += exponential((double)(scores[i] - best) / MODEL_STEPS / TEMPERATURE);
  for (int place = 0; place < most; place++) {
    int first = -1;
    for (int i = 0; i < MODEL_LANGUAGES; i++)
      if (!taken[i] && (first < 0 || scores[i] > scores[first])) first = i;
    taken[first] = true;
    double share = exponential((double)(scores[first] - best) / MODEL_STEPS / TEMPERATURE) / total;
    ranked[place] = (guess){model_languages[first].code, model_languages[first].name, share};
  }
}

/* Fills `ranked` with the `most` likeliest languages, likeliest first, and returns how many there are:
 * none for a text without a letter that the model knows. */
static int identify(aei_text text, guess *ranked, int most, int *letters) {
  int64_t scores[MODEL_LANGUAGES] = {0};
  *letters = score_text(text, scores);
  if (!*letters) return 0;
  rank(scores, ranked, most);
  return most;
}

#endif
