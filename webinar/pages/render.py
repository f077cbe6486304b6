"""Templates to pages. `page()` is how every screen is made.

What a template finds besides its context: `t(text, **values)` and the `{% trans %}` tag, `lang`, `theme`,
`static(path)`, `script(entry)`, `icon(name)`, `csrf_field()`, `switch(lang=…)`, `notice`, `public_url`, and the filters
`span`, `at`, `iso`, `ahead`, `length`, `size`, `tojson`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse

from webinar.base import i18n, times
from webinar.base.i18n import Language
from webinar.base.settings import Settings
from webinar.base.templates import template_dir
from webinar.base.tokens import Tokens
from webinar.pages import notices
from webinar.pages.assets import Assets
from webinar.pages.compiled import compiled
from webinar.pages.covers import cover
from webinar.pages.smaller import coding, smaller
from webinar.pages.visit import Visit, visit

_SCOPE_KEY: Final = "webinar.renderer"


class Renderer:
    """One a web process: the environments of both languages, the assets, the catalogues."""

    def __init__(self, settings: Settings, tokens: Tokens, templates: Path | None = None) -> None:
        self._settings = settings
        self._tokens = tokens
        self.assets = Assets()
        self.catalogues = i18n.load_all()
        folder = templates or template_dir()
        self._environments = {language: self._environment(folder, language) for language in i18n.LANGUAGES}

    def visit(self, request: HTTPConnection) -> Visit:
        return Visit(request, self._tokens, self.catalogues, secure=self._settings.secure_cookies)

    def render(self, template: str, made: Visit, context: Mapping[str, object]) -> str:
        """The HTML of `template` for one visit, in its language."""
        values: dict[str, object] = {
            "visit": made,
            "lang": made.language,
            "theme": made.theme,
            "switch": made.switch,
            "csrf_field": lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(made.form_token()),
            "notice": _notice(made),
            "in_app": made.in_app,
            "outside": self._outside(made),
            **context,
        }
        return self._environments[made.language].get_template(template).render(values)

    def _outside(self, made: Visit) -> str | None:
        """What opens this page in a browser of its own; None where there is no such link, or no need of one."""
        app = made.in_app
        return None if app is None else app.outside(self._settings.public_url.rstrip("/") + made.here)

    def _environment(self, folder: Path, language: Language) -> Environment:
        catalogue = self.catalogues[language]
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
            bytecode_cache=compiled(folder),
        )
        environment.policies["ext.i18n.trimmed"] = True
        cast("Any", environment).install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)
        environment.globals.update(
            t=environment.globals["gettext"],
            static=self.assets.url,
            script=self.assets.modules.script,
            icon=self._icon,
            sprite=self.assets.sprite,
            languages=i18n.NAMES,
            public_url=self._settings.public_url,
            cover=cover,
        )
        environment.filters.update(
            span=lambda event: times.span(event.starts_at, event.ends_at, event.timezone, language),
            at=lambda moment, zone: times.at(moment, zone, language),
            iso=times.iso,
            ahead=times.ahead,
            length=times.length,
            minutes=lambda count: times.minutes(count, language),
            dayblock=lambda event: times.day_block(event.starts_at, event.timezone, language),
            size=times.size,
            date=lambda moment, zone: times.day(times.local(moment, zone), language),
            clock=lambda moment, zone: times.clock(times.local(moment, zone), language),
            clocks=lambda item, zone: times.clocks(item.starts_at, item.ends_at, zone, language),
            day=lambda on: times.day(on, language),
            shortday=lambda moment, zone: times.short_day(times.local(moment, zone), language),
        )
        return environment

    def _icon(self, name: str, label: str = "", extra: str = "") -> Markup:
        """An icon of the sprite; with a label it speaks for itself, else it stands beside its text."""
        if name not in self.assets.icons:
            raise LookupError(f"no icon {name!r} in the sprite")
        spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon {}" {}><use href="#i-{}"/></svg>').format(escape(extra), spoken, name)


def _notice(made: Visit) -> str | None:
    left = made.take_notice()
    return made.t(notices.TEXTS[left[0]], count=left[1]) if left is not None else None


def attach(request: HTTPConnection, renderer: Renderer) -> None:
    request.scope[_SCOPE_KEY] = renderer


def renderer(request: HTTPConnection) -> Renderer:
    return cast("Renderer", request.scope[_SCOPE_KEY])


def page(
    request: Request,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
    *,
    language: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A whole page. `language` is the event's: used when the visitor shows no wish of their own.

    Every page is `no-store`: each is made for one reader and may hold a personal link or a form token. It travels
    compressed although it holds those: no other site can ask for it with a reader's cookies (they are `SameSite`), so
    none can guess them from the length of many answers.
    """
    made = visit(request)
    if language is not None:
        made.prefer(language)
    html = renderer(request).render(template, made, context).encode()
    sent = {"Cache-Control": "no-store", "Content-Language": made.language, "Vary": "Accept-Encoding"}
    how = coding(request.headers.get("accept-encoding", ""))
    if how is not None:
        html = smaller(html, how)
        sent["Content-Encoding"] = how
    return HTMLResponse(html, status, {**sent, **(headers or {})})
