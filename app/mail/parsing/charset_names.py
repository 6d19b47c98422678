"""The charsets that a mail may name: text codecs alone, for ``rot13`` and ``hex`` are codecs of Python, too."""

import re

_PUNCTUATION = re.compile(r"[^a-z0-9]")
_LONGEST = 50

# By codec, its names without punctuation. Where half of all programs write a charset under the name of a smaller one,
# the larger one is taken.
_NAMES = {
    "utf-8": "utf8 utf unicode11utf8",
    "utf_8_sig": "utf8sig",
    "utf_16": "utf16 ucs2 unicode iso10646ucs2",
    "utf_16_le": "utf16le",
    "utf_16_be": "utf16be",
    "utf_32": "utf32",
    "utf_32_le": "utf32le",
    "utf_32_be": "utf32be",
    "ascii": "usascii ascii ansix341968 646",
    "cp1252": "iso88591 latin1 l1 windows1252 win1252 cp1252 ansi",
    "cp1254": "iso88599 latin5 windows1254 win1254 cp1254",
    "cp874": "iso885911 tis620 windows874 cp874",
    "iso8859_2": "iso88592 latin2 l2",
    "iso8859_6": "iso88596 iso88596i",
    "iso8859_8": "iso88598 iso88598i iso88598e",
    "iso8859_15": "iso885915 latin9",
    **{f"iso8859_{part}": f"iso8859{part}" for part in (3, 4, 5, 7, 10, 13, 14, 16)},
    **{f"cp{page}": f"windows{page} win{page} cp{page}" for page in (1250, 1251, 1253, 1255, 1256, 1257, 1258)},
    **{f"cp{page}": f"cp{page} ibm{page}" for page in (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863)},
    **{f"cp{page}": f"cp{page} ibm{page}" for page in (864, 865, 866, 869)},
    "koi8_r": "koi8r koi8",
    "koi8_u": "koi8u koi8ru",
    "koi8_t": "koi8t",
    "mac_roman": "macintosh macroman xmacroman",
    "mac_cyrillic": "xmaccyrillic maccyrillic",
    "mac_latin2": "xmaccentraleurroman",
    "gb18030": "gb18030 gb2312 gb231280 gbk xgbk cp936 windows936 euccn",
    "hz": "hz hzgb2312",
    "big5": "big5 xxbig5 cp950 big5eten",
    "big5hkscs": "big5hkscs",
    "cp932": "shiftjis sjis xsjis windows31j mskanji cp932 windows932",
    "euc_jp": "eucjp xeucjp",
    "iso2022_jp_ext": "iso2022jp iso2022jp3",
    "iso2022_jp_1": "iso2022jp1",
    "iso2022_jp_2": "iso2022jp2",
    "cp949": "ksc56011987 ksc5601 euckr uhc cp949 windows949",
    "iso2022_kr": "iso2022kr",
    "johab": "johab cp1361",
}
_CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}


def codec_of(declared: str | None) -> str | None:
    """Return the codec for a charset as a mail names it, None for one that is no charset."""
    if not declared or len(declared) > _LONGEST:
        return None
    return _CODECS.get(_PUNCTUATION.sub("", declared.lower()))
