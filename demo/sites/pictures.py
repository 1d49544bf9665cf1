"""The drawn pictures of the world: avatars and the photographs of the incident, as SVG."""

from __future__ import annotations

from starlette.responses import Response

from demo.identities import steady

_COLOURS = ("#7a9cc6", "#c98b6b", "#8fb58a", "#b58ab0", "#c2b26a", "#6fa8a8", "#a07f6a", "#8a8fb5")

_FIRE = """<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400" viewBox="0 0 640 400">
<defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#8d97a3"/>
<stop offset="1" stop-color="#d8d2c6"/></linearGradient>
<radialGradient id="flame"><stop offset="0" stop-color="#fff3b0"/><stop offset=".45" stop-color="#ff9d1f"/>
<stop offset="1" stop-color="#e0350d" stop-opacity="0"/></radialGradient>
<filter id="blur"><feGaussianBlur stdDeviation="14"/></filter>
</defs>
<rect width="640" height="400" fill="url(#sky)"/>
<g fill="#5f6872"><rect x="20" y="110" width="70" height="160"/><rect x="100" y="70" width="55" height="200"/>
<rect x="470" y="90" width="80" height="180"/><rect x="560" y="130" width="70" height="140"/></g>
<rect y="265" width="640" height="135" fill="#4b4d50"/>
<path d="M0 340h90M150 340h90M300 340h90M450 340h90M600 340h40" stroke="#e8e2c8" stroke-width="6"/>
<g fill="#2b2622" opacity=".75" filter="url(#blur)"><circle cx="235" cy="150" r="58"/><circle cx="290" cy="95" r="70"/>
<circle cx="370" cy="45" r="84"/><circle cx="200" cy="205" r="40"/></g>
<path d="M300 300v-38q4-14 22-16l34-40q6-8 18-8h78q14 0 24 10l34 36 30 8q14 4 14 18v30z" fill="#b9c3cc"/>
<path d="M352 244l24-30q4-5 12-5h30v35zM428 209h24q8 0 14 6l26 29h-64z" fill="#39424b"/>
<path d="M196 304v-30q2-16 20-20l88-12 14 62z" fill="#26211f"/>
<g fill="url(#flame)"><ellipse cx="240" cy="215" rx="74" ry="86"/><ellipse cx="205" cy="240" rx="44" ry="60"/>
<ellipse cx="285" cy="235" rx="46" ry="62"/></g>
<circle cx="250" cy="306" r="27" fill="#1d1d1f"/><circle cx="500" cy="304" r="27" fill="#1d1d1f"/>
<circle cx="500" cy="304" r="12" fill="#8b9197"/>
<text x="12" y="388" font-size="15" fill="#fff" opacity=".85"
font-family="Noto Sans CJK SC,sans-serif">望江大道 沙洲路口（演示插画）</text>
</svg>"""


def photograph(name: str) -> str | None:
    """A picture of the world by its name, or None."""
    return {"fire": _FIRE}.get(name)


def avatar(key: str) -> str:
    """A face for a name: a coloured square with a head and shoulders."""
    colour = _COLOURS[steady(key, len(_COLOURS))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="120" viewBox="0 0 120 120">'
        f'<rect width="120" height="120" fill="{colour}"/><g fill="#fff" opacity=".85">'
        f'<circle cx="60" cy="48" r="22"/><path d="M20 112q4-36 40-36t40 36z"/></g></svg>'
    )


def svg(text: str) -> Response:
    """An SVG response."""
    return Response(text, media_type="image/svg+xml")
