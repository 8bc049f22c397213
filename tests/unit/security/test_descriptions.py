"""Descriptions that can't run anything: what goes, what stays, and what is said of it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.security.descriptions import AllowedMarkup

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x oNeRrOr = 'alert(1)'>",
    "<img/src=x/onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a id=x>x</a></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='  jAvAsCrIpT:alert(1)'>x</a>",
    "<a href='jav&#x0A;ascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;&#97;vascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<frameset onload=alert(1)><frame src=x></frameset>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)></video>",
    "<input autofocus onfocus=alert(1)>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<base href=javascript:alert(1)//>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='width:ex/**/pression(alert(1))'>x</p>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p style='behavior:url(x.htc)'>x</p>",
    "<p style='position:fixed;top:0;left:0;width:100%;height:100%'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><script>alert(1)</script>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<x onclick=alert(1)>click</x>",
    "<a id=config name=config href=/x>x</a>",
]
_NEVER = {"script", "iframe", "frame", "object", "embed", "applet", "svg", "math", "style", "form", "input", "base"}
_NEVER |= {"link", "meta", "template", "noscript", "button", "body", "textarea", "x"}


class Markup(HTMLParser):
    """Another reader of markup than the one that cleans it."""

    def __init__(self, text):
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, "".join((value or "").split()).lower()) for name, value in attrs]

    handle_startendtag = handle_starttag


def assert_harmless(text):
    markup = Markup(text)
    assert markup.tags & _NEVER == set()
    for name, value in markup.attributes:
        assert not name.startswith("on")
        assert name not in {"srcdoc", "id", "name", "formaction", "xlink:href"}
        if name in {"href", "src", "poster", "srcset", "cite"}:
            assert "script:" not in value
            assert not value.startswith("data:") or value.startswith("data:image/png;base64,")
        if name == "style":
            assert not any(word in value for word in ("expression", "url(", "behavior", "position", "\\"))


@pytest.mark.parametrize("description", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "<p>Plain</p>{}<p>light</p>", "<div><b>{}", "<table><tr><td>{}</table>"])
def test_nothing_that_runs_is_left(description, around):
    clean = AllowedMarkup().clean(around.format(description))

    assert_harmless(clean.text)


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "<p>", "</p>", "<b>", "'", '"', "--", "<", ">", "&lt;", "</", " x"]), max_size=8
    )
)
def test_nothing_that_runs_comes_of_pieces_put_together(pieces):
    clean = AllowedMarkup().clean("".join(pieces))

    assert_harmless(clean.text)
    assert AllowedMarkup().clean(clean.text).text == clean.text


@given(st.text(alphabet="<>/='\" abonsclicripthref:javt&;#-!", max_size=60))
def test_what_was_cleaned_is_left_as_it_is(text):
    clean = AllowedMarkup().clean(text)

    assert AllowedMarkup().clean(clean.text).text == clean.text
    assert AllowedMarkup().clean(clean.text).removed == {}


@pytest.mark.parametrize(
    "description",
    [
        "",
        "Plain & light, 3 > 2, AT&amp;T",
        "<p>Plain &amp; light</p>",
        '<h2>Sizes</h2><table border="1"><tbody><tr><td colspan="2">M</td></tr></tbody></table>',
        '<p style="text-align:center;color:rgb(1, 2, 3)"><strong>New</strong></p>',
        '<ul><li>soft</li></ul><img src="https://images.example/a.png" alt="A" width="20">',
        '<a href="https://shop.example/x?a=1&amp;b=2" target="_blank" rel="noopener">more</a> <a href="/care">care</a>',
        '<a href="mailto:us@shop.example">write</a> <a href="tel:+123">call</a>',
        '<img src="data:image/png;base64,iVBORw0KGgo=">',
    ],
)
def test_what_is_harmless_stays_as_it_was_written(description):
    clean = AllowedMarkup().clean(description)

    assert (clean.text, clean.removed) == (description, {})


def test_what_went_is_counted_by_kind():
    clean = AllowedMarkup().clean(
        '<p onclick="a()" style="color:red;position:fixed">Hi</p><script>a()</script><script src="a.js"></script>'
        '<a href="java&#10;script:a()">x</a><iframe src="https://video.example"></iframe><svg><g onload="a()"/></svg>'
    )

    assert clean.text == '<p style="color:red">Hi</p><a>x</a>'
    assert clean.removed == {
        "script": 2,
        "handler": 1,
        "style": 1,
        "link that runs code": 1,
        "frame": 1,
        "drawing": 1,
    }
    assert clean.removed_words == "2 scripts, 1 handler, 1 style, 1 link that runs code, 1 frame, 1 drawing"
