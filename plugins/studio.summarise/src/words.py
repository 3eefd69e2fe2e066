"""The words of a sentence that carry its meaning."""

import re


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Words that stand in every text and tell nothing about this one: English, German, French, Spanish.
STOP_WORDS = _set_of(
    """
    a about above after again all also although am an and any are as at be because been before being
    between both but by can could did do does down during each either few for from further had has have
    he her here hers him his how i if in into is it its itself just like many may me more most much must
    my neither no nor not now of off on once only or other our out over own same shall she should since
    so some such than that the their them then there these they this those though through to too under
    until up upon very was we were what when where which while who whom why will with would yet you your
    aber als am an auch auf aus bei bin bis das dass dein dem den der des die dies diese dieser dieses
    doch du durch ein eine einem einen einer eines er es euch für hat hatte ich ihr ihre im in ist ja
    jede kann kein mehr mein mit nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so über
    um und uns unter vom von vor war was weil wenn wer werden wie wieder wir wird zu zum zur zwischen au
    aux avec ce ces cette dans de des du elle en est et eux il ils je la le les leur lui mais me même
    mes moi mon ne nos notre nous on ou par pas pour qu que qui sa sans se ses son sont sur ta te tes
    toi ton tu un une vos votre vous été être al como con cuando del desde donde el ella ellos entre era
    es esta este esto fue ha hay la las lo los más muy no nos o para pero por porque que se ser si sin
    sobre son su sus también todo un una uno y ya
    """
)

_WORD = re.compile(r"\w[\w'’-]*\w|\w")
_HAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+")
_ENDINGS = ("'s", "’s")


def content_words(sentence: str) -> list[str]:
    """The sentence's words in lower case and roughly in one form, without stop words and bare numbers."""
    words: list[str] = []
    for match in _WORD.finditer(sentence.lower()):
        word = match.group()
        if _HAN.fullmatch(word):
            words.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif word not in STOP_WORDS and not word.isdigit():
            words.append(_one_form(word))
    return words


def _one_form(word: str) -> str:
    """Without a possessive ending or a plain plural s: `boat`, `boats` and `boat's` count together."""
    for ending in _ENDINGS:
        word = word.removesuffix(ending)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
