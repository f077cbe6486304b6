"""HTML: one file a screen, thin. They read forms, ask the services, and render; rules stand in the subjects.

`routes(platform)` are the screens and `/static`; `middleware(platform)` must stand around the whole app: it gives
every request its visit (language, theme, form token) and writes the security headers.
"""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.pages.account import AccountScreen
from webinar.pages.deleted import told
from webinar.pages.devices import DevicesScreen
from webinar.pages.errors import error_page, for_machines
from webinar.pages.event_agenda import AgendaScreen, SpeakersScreen
from webinar.pages.event_attendance import AttendanceScreen
from webinar.pages.event_certificates import CertificatesScreen
from webinar.pages.event_conversation import ConversationScreen
from webinar.pages.event_face import EventFaceScreen
from webinar.pages.event_files import FilesScreen
from webinar.pages.event_followup import FollowupScreen
from webinar.pages.event_host import OverviewScreen
from webinar.pages.event_invite import InviteScreen
from webinar.pages.event_links import LinksScreen
from webinar.pages.event_look import LookScreen
from webinar.pages.event_mails import MailsScreen
from webinar.pages.event_new import NewEventScreen
from webinar.pages.event_people import PeopleScreen
from webinar.pages.event_person import PersonScreen
from webinar.pages.event_public import EventPageScreen
from webinar.pages.event_recording import RecordingScreen
from webinar.pages.event_register import RegisterScreen
from webinar.pages.event_registration import RegistrationScreen
from webinar.pages.event_report import ReportScreen
from webinar.pages.event_series import SeriesScreen
from webinar.pages.event_settings import SettingsScreen
from webinar.pages.home import HomeScreen
from webinar.pages.hosts import HostsScreen
from webinar.pages.mail_public import MailPublicScreen
from webinar.pages.middleware import PagesMiddleware
from webinar.pages.moderate import ModerateScreen
from webinar.pages.my import MyScreen
from webinar.pages.own_account import OwnAccountScreen
from webinar.pages.receipts import ReceiptsScreen
from webinar.pages.render import Renderer, renderer
from webinar.pages.replay import ReplayScreen
from webinar.pages.room import RoomScreen
from webinar.pages.screen import Doors
from webinar.pages.studio import StudioScreen
from webinar.pages.verify import VerifyScreen
from webinar.pages.webhooks import WebhooksScreen
from webinar.platform import Platform

__all__ = ["error_page", "for_machines", "middleware", "routes", "told"]

# In this order: `/events/new` stands before `/events/{event_id}`.
_SCREENS = (
    AccountScreen,
    HomeScreen,
    HostsScreen,
    OwnAccountScreen,
    WebhooksScreen,
    NewEventScreen,
    OverviewScreen,
    PeopleScreen,
    PersonScreen,
    RegistrationScreen,
    InviteScreen,
    AttendanceScreen,
    MailsScreen,
    ConversationScreen,
    ReportScreen,
    FollowupScreen,
    RecordingScreen,
    CertificatesScreen,
    SettingsScreen,
    AgendaScreen,
    SpeakersScreen,
    LinksScreen,
    LookScreen,
    SeriesScreen,
    FilesScreen,
    EventPageScreen,
    MailPublicScreen,
    RegisterScreen,
    EventFaceScreen,
    RoomScreen,
    ReplayScreen,
    MyScreen,
    VerifyScreen,
    ReceiptsScreen,
    StudioScreen,
    DevicesScreen,
    ModerateScreen,
)


def middleware(platform: Platform) -> Middleware:
    """To be the outermost of the app's middleware."""
    return Middleware(
        PagesMiddleware, settings=platform.settings, renderer=Renderer(platform.settings, platform.tokens)
    )


async def _static(request: Request) -> Response:
    assets = renderer(request).assets
    return await assets.get_response(request.path_params["path"], request.scope)


def routes(platform: Platform) -> list[BaseRoute]:
    """Every screen, and `/static`."""
    doors = Doors.new()
    screens = [route for screen in _SCREENS for route in screen(platform, doors).routes()]
    return [*screens, Route("/static/{path:path}", _static, name="static")]
