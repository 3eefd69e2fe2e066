"""A guess at the language of a text, for staff to choose what they can read."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

#: The beginnings of Unicode's names of letters, with the language that is most often written so (ISO 639-1).
_SCRIPTS = {
    "CYRILLIC": "ru", "GREEK": "el", "HEBREW": "he", "ARABIC": "ar", "DEVANAGARI": "hi", "HANGUL": "ko",
    "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "THAI": "th", "BENGALI": "bn", "TAMIL": "ta",
    "GEORGIAN": "ka", "ARMENIAN": "hy",
}  # fmt: skip
#: Words without which hardly a sentence is made, and that the other languages do not have.
_COMMON = {
    "en": "the and is it of this that with was not for are have has very works but",
    "de": "der die und das ist nicht ein eine mit auf sich auch sehr aber für wird funktioniert",
    "fr": "le les et est une des pas dans pour avec sur très mais ce cette fonctionne je",
    "es": "el los las y una muy con por pero funciona que para está esto bien lo",
    "it": "il che di è una per con molto ma non questo funziona sono gli della",
    "pt": "o os as é uma muito com mas não isso funciona para do da em",
    "nl": "het een en van niet met voor zeer maar dit werkt ook naar is goed",
}
_LANGUAGES_OF = {
    word: [name for name, words in _COMMON.items() if word in words.split()]
    for word in {word for words in _COMMON.values() for word in words.split()}
}
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 500


def guess_language(text: str) -> str | None:
    """The language of a text by its script, or by its common words; None when neither tells.

    Returns:
        An ISO 639-1 code.
    """
    sample = text[:_SAMPLE]
    scripts = Counter(_script(character) for character in sample if character.isalpha())
    for kana in ("HIRAGANA", "KATAKANA"):
        if scripts[kana]:
            return "ja"
    [(most, _)] = scripts.most_common(1) or [("", 0)]
    if most != "LATIN":
        return _SCRIPTS.get(most)
    words = (word.casefold() for word in _WORD.findall(sample))
    votes = Counter(language for word in words for language in _LANGUAGES_OF.get(word, ()))
    best = votes.most_common(2)
    clear = bool(best) and (len(best) == 1 or best[0][1] > best[1][1])
    return best[0][0] if clear else None


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
