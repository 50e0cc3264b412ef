"""Sentence of plain words -> the same without what says nothing of a picture.

Web captions are padded with the words of shops, stock agencies and search engines, and people pad
with words of emphasis. None of it is seen in the picture, so none of it may carry information.
"""

import re

_FILLERS = frozenset(
    "really very quite rather truly actually indeed just simply basically literally obviously "
    "clearly certainly definitely honestly apparently perhaps maybe merely totally absolutely "
    "extremely incredibly somewhat fairly also now then too already meanwhile currently surely "
    "evidently undoubtedly essentially generally usually please hey wow oh um anyway seemingly "
    "presumably etc".split()
)
"""Adverbs and exclamations that add no fact wherever they stand."""

_QUALITY = (
    r"(?:super|ultra|high|hi|top|best|great|excellent|premium|good|full|low|amazing)[ -]"
    r"(?:quality|resolution|res|definition|def|hd)"
)
_KIND = (
    rf"(?:{_QUALITY}|royalty[ -]free|rights[ -]managed|copyright[ -]free|free|full hd|ultra hd|hd"
    r"|uhd|4k|8k|1080p|stock|vector|desktop|mobile|phone|iphone|android|printable|editorial|getty"
    r"|shutterstock|istock|alamy|adobe)"
)
_MEDIUM = (
    r"(?:photos?|photographs?|photography|images?|imagery|pictures?|pics?|footage|videos?|clips?"
    r"|wallpapers?|backgrounds?|illustrations?|vectors?|clip ?arts?|cliparts?|graphics?|icons?"
    r"|templates?|downloads?|png|jpe?g|stock)"
)
_SITE = (
    r"(?:shutterstock|getty|istock|alamy|dreamstime|depositphotos|pinterest|ebay|etsy|amazon|flickr"
    r"|youtube|facebook|instagram|tumblr)"
)
_STOCK = rf"(?:{_KIND} )+{_MEDIUM}(?: {_MEDIUM})*|(?:in )?{_QUALITY}|royalty[ -]free"
_SHOP = (
    r"(?:with )?(?:free|fast|worldwide|express|quick|international) (?:shipping|delivery|returns?)"
    r"(?: worldwide| included| available)?"
    r"|(?:buy|shop|order|purchase)(?: it| yours)? (?:now|online|here|today|cheap)"
    r"(?: now| online| here| today)?"
    r"|click (?:here|on|the link|to|for)(?: (?:link|image|picture|photo|here|to|for|more|see|view"
    r"|enlarge|zoom|read|details|info|information|download|buy|this|the|it|a|larger|full|size))*"
    r"|(?:learn|read|see|view|find out|discover) (?:more|full size|details)(?: (?:info|details"
    r"|information|here|about|at|on|photos|images|pictures))*"
    r"|(?:free|instant|digital|full) downloads?|downloads? (?:free|now|here|for free|this|it)"
    r"|(?:at )?(?:the )?(?:best|low|lowest|great|discount|special|wholesale|factory|cheap|cheapest"
    r"|good) (?:prices?|deals?|offers?|value)(?: online| ever| guaranteed| today| now)?"
    r"|(?:money back|satisfaction|quality) guaranteed?|for sale online|on sale now|now on sale"
    r"|(?:now )?available (?:now|online|here|in stores?|today|for download|for purchase)"
    r"|now available|(?:in|out of) stock(?: now)?|new arrivals?|brand new"
    r"|best[ -]?sell(?:ers?|ing)|limited (?:edition|time offer|time only|offer|stock|time)"
    r"|top rated|must[ -]have|all rights reserved|add to (?:cart|basket|wishlist)|pin it"
    r"|share this|follow us|subscribe now|sign up"
)
_SPEECH = (
    r"as (?:you|we|one) can (?:clearly )?see|as (?:can be )?(?:seen|shown|pictured|depicted)"
    r"(?: here| above| below| (?:in|on) (?:the|this) (?:photo|image|picture|photograph))?"
    r"|(?:you|we|one|i) can (?:clearly )?see(?: that)?|(?:it|what) can be seen (?:is )?(?:that)?"
    r"|(?:in|on|from) (?:the|this|that) (?:photo|image|picture|photograph|pic|snapshot|shot)"
    r"|(?:this|the|that) (?:photo|image|picture|photograph|pic|snapshot) (?:here )?(?:shows|depicts"
    r"|features|captures|displays|contains|presents|portrays|is of)"
    r"|this is (?:a|an) (?:photo|image|picture|photograph|pic|shot|snapshot) of"
    r"|it (?:is|seems|appears|looks) (?:clear |obvious |like |to be )?(?:that|as if)"
    r"|of course|in fact|you know|i think|i guess|i believe|kind of|sort of|for example"
    r"|needless to say|at this moment|at the moment|more or less|so to speak|to be honest"
    r"|shown here|pictured here|seen here"
)
_ANYWHERE = re.compile(rf"(?:^|(?<= ))(?:{_STOCK}|{_SHOP}|{_SPEECH})(?= |$)")
_CREDIT = re.compile(
    r"(?:^|(?<= ))(?:(?:photo|image|picture|photograph|photography|pic)s?(?: is| are| was| were)? "
    r"(?:by|credits?|courtesy|copyright|via|taken by)|courtesy of|copyright|posted by"
    r"|credit (?:photo|image|to)|(?:photo|image|picture|page|slide|figure) \d+(?: of \d+)?)"
    r"(?: |$)(?:\S+(?: \S+){0,4}$)?"
)
_MARKS = frozenset(
    "photo photos photograph photographs photography image images imagery picture pictures pic "
    "pics footage video videos clip clips wallpaper wallpapers background backgrounds "
    "illustration illustrations vector vectors clipart cliparts graphic graphics icon icons "
    "template templates download downloads png jpg jpeg stock shutterstock getty istock alamy "
    "dreamstime depositphotos pinterest ebay etsy amazon flickr youtube facebook instagram "
    "tumblr adobe free hd uhd 4k 8k 1080p desktop mobile iphone android printable editorial "
    "shipping sku price prices review reviews royalty credit courtesy thumbnail preview sale "
    "online closeup close-up".split()
)
_BESIDE = frozenset(
    "this these our more of for by in on with and at to your from here online new best top "
    "great cheap buy shop store phone item ref model no number code id product art gallery full "
    "ultra".split()
)
"""A part of a list is padding if it has words of both sets alone, and at least one of the first."""

_WORDS = rf"(?:{_KIND} )*(?:hd|uhd|4k|{_SITE}(?: images)?"
_AT_START = re.compile(rf"^{_WORDS}|downloads?) ")
_AT_END = re.compile(
    rf" (?<!\ba )(?<!\ban )(?<!\bthe )(?<!\bof )(?<!\bin )(?<!\bon )(?<!\bfor )(?<!\bwith )"
    rf"(?<!\bto )(?<!\band ){_WORDS}|downloads?|illustrations?|vectors?|clip ?arts?|photography)$"
    r"| (?:an? )?(?:close[ -]?up|image|picture|photo|photograph)s? of$"
)
_SIGNS = frozenset(
    "quality resolution res definition def hd royalty rights copyright free uhd 4k 8k 1080p "
    "stock shutterstock getty istock alamy dreamstime depositphotos pinterest ebay etsy amazon "
    "flickr youtube facebook instagram tumblr photo photos photograph photographs photography "
    "image images imagery picture pictures pic pics footage video videos clip clips wallpaper "
    "wallpapers background backgrounds illustration illustrations vector vectors clipart "
    "cliparts graphic graphics icon icons template templates download downloads png jpg jpeg "
    "shipping delivery return returns buy shop order purchase click learn discover details "
    "price prices deal deals offer offers value guaranteed guarantee sale available arrival "
    "arrivals brand seller sellers selling bestseller bestsellers bestselling limited rated "
    "must cart basket wishlist pin share follow subscribe sign can shown seen pictured depicted "
    "shot snapshot it course fact know think guess believe kind sort example needless moment "
    "less speak honest here credit credits courtesy posted page slide figure sku review reviews "
    "thumbnail preview online close closeup more adobe".split()
)
"""Each phrase has one of these words: most captions have none, and are not searched further."""
_DANGLING = re.compile(r"^(?:of|that|:) | (?:and|with|at|by|of|,)$")
_LABEL = (
    r"(?:sku|ref|art|item|model|style|part|product|lot|isbn|asin|ean|upc|mpn|cod|code|serial|id|nr)"
)
_NUMBERED = re.compile(
    rf"\b{_LABEL}\b(?:\s*(?:no|nr|number|code|id)\b)?[\s.:#№-]{{0,4}}(?=[^\s]*\d)[\w./-]{{2,}}"
    r"|\b(?:no|nr)\b[\s.:#№]{1,3}\d{4,}[\w./-]*|(?<!\w)#\s?\d[\w-]*|№\s?\d+"
)


def without_article_numbers(text: str) -> str:
    """Return lower-case ``text`` with numbers that name an article taken out with their labels.

    >>> without_article_numbers("red kettle sku 4482-ax")
    'red kettle  '
    """
    return _NUMBERED.sub(" ", text) if any(map(str.isdigit, text)) else text


def strip_padding(sentence: str) -> str:
    """Return a cleaned sentence without stock phrases, credits and words of emphasis.

    >>> strip_padding("high quality stock photo of a really big dog , free shipping")
    'a big dog'
    """
    words = sentence.split(" ")
    if "-" not in sentence and _SIGNS.isdisjoint(words):
        return " ".join(word for word in words if word not in _FILLERS)
    text = _CREDIT.sub("", _ANYWHERE.sub("", sentence))
    text = " ".join(word for word in text.split() if word not in _FILLERS)
    text = _AT_END.sub("", _AT_START.sub("", text))
    text = " , ".join(part for part in text.split(" ,") if not _is_padding(part.split()))
    text = " ".join(text.strip(" ,").split())
    return _DANGLING.sub("", text) if len(text) < len(sentence) else text


def _is_padding(words: list[str]) -> bool:
    return not _MARKS.isdisjoint(words) and _BESIDE.union(_MARKS).issuperset(words)
