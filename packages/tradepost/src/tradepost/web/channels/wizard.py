"""
Setting a channel up on pages, step by step, and changing each part of it later by the same forms.

What a step is given is kept in the channel itself, which is paused and looks only until the last step: so it can be
left and taken up again, by anybody who may. A secret goes from the form into the encrypted connection, and into no
page, session or hidden field.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from tradepost import wiring
from tradepost.database.models import Channel, ConnectionKind
from tradepost.domain.channels.image_pages import ImagePage
from tradepost.domain.channels.setup import STEPS, SetupStep, is_later
from tradepost.domain.errors import AddressRefused, NotAllowed, Reconfigure
from tradepost.operations.channels import channel_setup, channels
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.channels.known_stores import known_store_words
from tradepost.operations.ports import ChannelProfile
from tradepost.web.channels.adoption import found_on_store
from tradepost.web.channels.findings import TOKENS_PLACE, findings_of
from tradepost.web.channels.forms import (
    ChannelForm,
    ConnectionForm,
    ImagesForm,
    ImageWay,
    NameForm,
    OperationsForm,
    PagesForm,
)
from tradepost.web.channels.schedules import shown_schedules
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages

STEP_WORDS: Mapping[SetupStep, str] = {
    SetupStep.CONNECTION: "Connection",
    SetupStep.TEST: "Test",
    SetupStep.IMAGES: "Images",
    SetupStep.PAGES: "The store's pages",
    SetupStep.SCHEDULES: "Operations and schedules",
    SetupStep.REVIEW: "Review",
}
_TEST, _ADOPT = "test", "adopt"


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as the wizard lists it. `state`: done, here or to come."""

    number: int
    title: str
    link: str
    state: str


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step of one channel, for one request."""

    request: HttpRequest
    channel: Channel
    profile: ChannelProfile
    step: SetupStep
    ports: ChannelPorts

    @property
    def is_setup(self) -> bool:
        return self.profile.setup is not None

    @property
    def asks_test(self) -> bool:
        return self.request.POST.get("do") == _TEST

    def address(self, step: SetupStep | None = None) -> str:
        return reverse("admin:tradepost_channel_setup", args=[self.channel.pk, step or self.step])


def begin(request: HttpRequest) -> HttpResponse:
    """Ask for the type of a channel and its name; posted, keep it and go on to its connection."""
    need(request, "channel add")
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            channel_id = channel_setup.begin_setup(form.cleaned_data["name"], _ports(request))
        except NotAllowed as refusal:
            form.add_error("name", in_words_of_pages(str(refusal)))
        else:
            return redirect("admin:tradepost_channel_setup", channel_id, SetupStep.CONNECTION)
    begun = Channel.objects.filter(archived_at__isnull=True).exclude(setup_step="").order_by("name")
    return page(request, "back_office/channels/channel_begin.html", title="Connect a store", form=form, begun=begun)


def set_up(request: HttpRequest, channel_id: int, step: str) -> HttpResponse:
    """Show a step of a channel; posted, keep what it was given, and go on."""
    need(request, "channel set")
    if step not in STEPS:
        raise Http404
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    ports = _ports(request)
    at = StepPage(request, channel, ports.channels.read(channel.pk), SetupStep(step), ports)
    if at.step is not SetupStep.CONNECTION and at.profile.store is None:
        messages.info(request, "The connection comes first.")
        return redirect(at.address(SetupStep.CONNECTION))
    if at.step is SetupStep.REVIEW and not at.is_setup:
        if request.method == "POST":
            told = (
                "is set up already, so nothing was done: here it says how it stands, and what it does can be changed."
            )
            messages.info(request, f"{channel.name} {told}")
        return redirect("admin:tradepost_channel_change", channel.pk)
    return _STEPS[at.step](at)


# --- the steps --------------------------------------------------------------------------------------------------------


def _connection(at: StepPage) -> HttpResponse:
    form = ConnectionForm(at.request.POST or None, profile=at.profile, others=_connected_others(at))
    if at.request.method == "POST" and form.is_valid() and _kept(at, form, _keep_connection, at_field="domain"):
        return _on(_as_before(at))
    return _page(at, form, functions=wiring.stores.needed_functions(), tokens_place=TOKENS_PLACE)


def _as_before(at: StepPage) -> StepPage:
    """Go on with the channel that the store had before, where it had one that was taken out of use."""
    removed = channel_setup.go_on_as_before(at.channel.pk, at.ports)
    if removed is None:
        return at
    messages.info(at.request, known_store_words(removed))
    channel = Channel.objects.get(pk=removed.id)
    return replace(at, channel=channel, profile=at.ports.channels.read(channel.pk))


def _keep_connection(at: StepPage, form: ChannelForm) -> None:
    assert isinstance(form, ConnectionForm)
    if form.reused is not None:
        channel_setup.reuse_connection(
            at.channel.pk, form.reused, store_code=form.cleaned_data["store_code"], ports=at.ports
        )
    else:
        channels.change_channel(at.channel.pk, form.edit(), at.ports)


def _test(at: StepPage) -> HttpResponse:
    if at.request.method == "POST":
        if not at.asks_test:
            return _on(at)
        channels.check_channel(at.channel.pk, at.ports)
        return redirect(at.address())
    return _page(at, None)


def _images(at: StepPage) -> HttpResponse:
    form = ImagesForm(at.request.POST or None, profile=at.profile)
    if at.request.method == "POST" and form.is_valid() and _kept(at, form, _keep_images, at_field="host"):
        return redirect(at.address()) if at.asks_test else _on(at)
    return _page(at, form)


def _keep_images(at: StepPage, form: ChannelForm) -> None:
    assert isinstance(form, ImagesForm)
    way = form.way_chosen
    if way is not ImageWay.SERVER:
        look = channel_setup.do_without_image_server(at.channel.pk, at.ports, by_store=way is ImageWay.STORE)
        if way is ImageWay.STORE and not look.takes_images:
            messages.warning(
                at.request,
                "This store was not found to take images inside what publishing sends, so none are sent. An image "
                "server can be named at any time; the images follow then.",
            )
        return
    channels.change_channel(at.channel.pk, form.edit(), at.ports)
    if at.asks_test:
        channels.check_channel(
            at.channel.pk,
            at.ports,
            make_folder=form.cleaned_data["make_folder"],
            # The page says so beside the button.
            writes_probe=at.is_setup,
        )


def _pages(at: StepPage) -> HttpResponse:
    form = PagesForm(at.request.POST or None, profile=at.profile)
    if at.request.method == "POST" and form.is_valid() and _kept(at, form, _keep, at_field=None):
        return _on(at)
    return _page(at, form, image_type=at.profile.settings.rules.image_type)


def _schedules(at: StepPage) -> HttpResponse:
    form = OperationsForm(at.request.POST or None, profile=at.profile, schedules=at.ports.schedules.of(at.channel.pk))
    if at.request.method == "POST" and form.is_valid() and _kept(at, form, _keep_operations, at_field=None):
        return _on(at)
    return _page(at, form)


def _keep_operations(at: StepPage, form: ChannelForm) -> None:
    assert isinstance(form, OperationsForm)
    _keep(at, form)
    for operation, schedule in form.schedules().items():
        channels.set_schedule(at.channel.pk, operation, schedule, at.ports)


def _review(at: StepPage) -> HttpResponse:
    if at.request.method == "POST":
        is_live = at.request.POST.get("do") == "go_live"
        if is_live:
            need(at.request, "channel go-live")
        try:
            return _finished(at, is_live=is_live)
        except NotAllowed as refusal:
            messages.warning(at.request, in_words_of_pages(str(refusal)))
            return redirect(at.address())
    settings = at.profile.settings
    left = [each for each in ImagePage if each not in settings.image_pages]
    rows = shown_schedules(at.request, at.ports.schedules.of(at.channel.pk))
    return _page(
        at,
        None,
        schedules=[row for row in rows if not row.is_off],
        pages_left=left,
        products=found_on_store(at.channel) if may(at.request, "listings adopt") else 0,
    )


def _finished(at: StepPage, *, is_live: bool) -> HttpResponse:
    """End the setup. Live goes only what a look finds well: it would be refused by its store in the first minutes."""
    if is_live:
        look = channels.check_channel(at.channel.pk, at.ports, writes_probe=True)
        if not look.is_good:
            raise NotAllowed(
                "Something is to be mended before it goes live; the test says what. It can be finished looking only."
            )
    channel_setup.finish_setup(at.channel.pk, at.ports)
    if is_live:
        channels.go_live(at.channel.pk, at.ports)
    state = "is live" if is_live else "looks only: its runs show what they would do, and nothing is written"
    messages.success(at.request, f"{at.profile.name} {state}.")
    if at.request.POST.get("then") == _ADOPT:
        return redirect("admin:tradepost_channel_adopt", at.channel.pk)
    return redirect("admin:first_steps")


_STEPS: Mapping[SetupStep, Callable[[StepPage], HttpResponse]] = {
    SetupStep.CONNECTION: _connection,
    SetupStep.TEST: _test,
    SetupStep.IMAGES: _images,
    SetupStep.PAGES: _pages,
    SetupStep.SCHEDULES: _schedules,
    SetupStep.REVIEW: _review,
}

# --- what they share --------------------------------------------------------------------------------------------------


def _keep(at: StepPage, form: ChannelForm) -> None:
    channels.change_channel(at.channel.pk, form.edit(), at.ports)


def _kept(
    at: StepPage, form: ChannelForm, keep: Callable[[StepPage, ChannelForm], None], *, at_field: str | None
) -> bool:
    """Keep what a form was given; a refusal stands at the field that it names, else at this one."""
    try:
        keep(at, form)
    except Reconfigure as refusal:
        named = refusal.field if isinstance(refusal, AddressRefused) else ""
        form.add_error(named if named in form.fields else at_field, in_words_of_pages(str(refusal)))
        return False
    return True


def _on(at: StepPage) -> HttpResponse:
    """Go on to the next step, or back to the channel where it is set up already."""
    if at.is_setup:
        return redirect(at.address(channel_setup.pass_step(at.channel.pk, at.step, at.ports)))
    messages.success(at.request, f"{STEP_WORDS[at.step]} of {at.profile.name}: kept.")
    return redirect("admin:tradepost_channel_change", at.channel.pk)


def _page(at: StepPage, form: ChannelForm | None, **more: Any) -> HttpResponse:
    title = f"Connect {at.profile.name}" if at.is_setup else f"{at.profile.name}: {STEP_WORDS[at.step].lower()}"
    index = STEPS.index(at.step)
    return page(
        at.request,
        f"back_office/channels/channel_{at.step}.html",
        title=title,
        form=form,
        channel=at.channel,
        profile=at.profile,
        is_setup=at.is_setup,
        steps=_steps(at) if at.is_setup else [],
        step_title=STEP_WORDS[at.step],
        back=at.address(STEPS[index - 1]) if index else "",
        following=at.address(STEPS[min(index + 1, len(STEPS) - 1)]),
        findings=findings_of(at.channel),
        connection_link=at.address(SetupStep.CONNECTION),
        test_link=at.address(SetupStep.TEST),
        **more,
    )


def _steps(at: StepPage) -> Sequence[ShownStep]:
    assert at.profile.setup is not None
    shown = []
    for number, step in enumerate(STEPS, start=1):
        is_reached = not is_later(step, at.profile.setup)
        state = "here" if step is at.step else "done" if is_reached and step is not at.profile.setup else "to come"
        shown.append(ShownStep(number, STEP_WORDS[step], at.address(step) if is_reached else "", state))
    return shown


def _connected_others(at: StepPage) -> Mapping[int, str]:
    """The channels whose connection may be used again."""
    others = Channel.objects.filter(archived_at__isnull=True).exclude(pk=at.channel.pk)
    stores = others.filter(connections__kind=ConnectionKind.STORE_API.value).order_by("name")
    return {pk: f"{name} ({host})" for pk, name, host in stores.values_list("pk", "name", "connections__host")[:50]}


def _ports(request: HttpRequest) -> ChannelPorts:
    return wiring.channels.channel_ports(requested_by=request.user.get_username())
