"""Which language a text is written in, for hyphens and the forms of letters, when nobody says.

Asked by ``paragraph``. A guess by letters and by small words; no guess is better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What only one language writes, among those that share a script.
_LETTERS = (
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")),
    ("zh-Hant", re.compile(r"[們個來這對說時會學國過發問長開與為嗎還東車]")),
    ("zh-Hans", re.compile(r"[\u4e00-\u9fff]")),
    ("ur", re.compile(r"[ٹڈڑےۓں]")),
    ("fa", re.compile(r"[پچژگ]")),
    ("ar", re.compile(r"[\u0620-\u06ff]")),
    ("uk", re.compile(r"[іїєґ]", re.IGNORECASE)),
    ("sr", re.compile(r"[јљњћђџ]", re.IGNORECASE)),
    ("ru", re.compile(r"[ыэё]", re.IGNORECASE)),
    ("el", re.compile(r"[\u0370-\u03ff]")),
)
#: What only one language writes among those with Latin letters, beside its small words.
_LATIN = (
    ("tr", re.compile(r"[ığİ]")),
    ("pl", re.compile(r"[łąęż]", re.IGNORECASE)),
    ("cs", re.compile(r"[řěů]", re.IGNORECASE)),
    ("hu", re.compile(r"[őű]", re.IGNORECASE)),
    ("ro", re.compile(r"[țșă]", re.IGNORECASE)),
    ("vi", re.compile(r"[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệ]", re.IGNORECASE)),
)
#: Small words of the languages whose words are long enough to be divided, or have own letters.
_WORDS = {
    "de": "der die das und ist nicht ein eine mit für auf den dem von zu im sind werden alle wird",
    "en": "the and is are of to in that it for with on as all be this you your they not at by"
    " us our from their which",
    "fr": "le la les des et est dans une un pour que qui sur pas avec du au sont vous nous en",
    "es": "el la los las y es en una un para que por con del se todos son no al más su",
    "it": "il la gli le e è di un una per che con del non sono tutti nel alla si della",
    "pt": "o a os e é em uma um para que por com da não se todos são no na dos",
    "nl": "de het een en is van voor met op niet zijn dat die alle worden aan ze naar bij",
    "sv": "och är en ett att det som för på med alla inte av till den i är människor",
    "da": "og er en et at det som for på med alle ikke af til den i der mennesker",
    "nb": "og er en et at det som for på med alle ikke av til den i mennesker",
    "fi": "ja on ei se että ovat kaikki hän ne tai kun myös niin jotka mutta kuin he",
    "tr": "ve bir bu için da de ile çok ne o ama daha gibi kadar en değil her",
    "pl": "i w na się nie jest do z to że o jak po co za od są dla przez a",
    "cs": "a v na se je že s z do to o jako i pro jsou za od po ale není si",
    "hu": "a az és egy nem hogy is ez van meg de csak el mint vagy ha",
    "ro": "a o e la de în și că nu este pe cu un din mai care se sau sunt",
    "vi": "và là của có không cho trong được một các những này với",
}
_VOCABULARY = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_LEAST_WORDS = 2
_EAST_ASIAN = ("ja", "ko", "zh-Hant", "zh-Hans")


def guess(text: str) -> str | None:
    """Return the language as BCP 47, or None when nothing tells it clearly."""
    letters = re.findall(r"[^\W\d_]", text)
    latin = sum(letter <= "\u024f" or "\u1e00" <= letter <= "\u1eff" for letter in letters)
    for language, own in _LETTERS:
        # One sign of physics or of a name is no language; of ideographs a few are a sentence.
        if own.search(text) and (2 * latin <= len(letters) or language in _EAST_ASIAN):
            return language
    words = re.findall(r"[^\W\d_]+", text)
    special = dict(_LATIN)
    told = {language: sum(bool(own.search(word)) for word in words) for language, own in _LATIN}
    counts = {
        language: _count(words, known) + told.get(language, 0)
        for language, known in _VOCABULARY.items()
        if language not in special or told[language]
    }
    # A name with letters of its own decides where small words do not say another language.
    ranked = sorted(counts, key=lambda one: (counts[one], one in special), reverse=True)
    best, second = ranked[:2]
    clear = counts[best] >= _LEAST_WORDS and counts[best] > counts[second]
    return best if clear or best in special else None


def _count(words: Iterable[str], known: frozenset[str]) -> int:
    return sum(word.lower() in known for word in words)
